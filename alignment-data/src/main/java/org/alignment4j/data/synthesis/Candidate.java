package org.alignment4j.data.synthesis;

import static org.alignment4j.core.Arguments.require;

import java.io.Serializable;
import org.alignment4j.synthesis.Lineage;
import org.alignment4j.synthesis.SourceText;

/**
 * A text with an instruction that it may be the answer to. Immutable.
 *
 * @param text the text
 * @param number which of the text's instructions it is, from 0
 * @param instruction the instruction
 * @param label the category, as far as it is known
 * @param lineage what was done so far
 */
public record Candidate(
    SourceText text, int number, String instruction, String label, Lineage lineage)
    implements Serializable {
  /**
   * @throws IllegalArgumentException if the number is below 0
   */
  public Candidate {
    require(number >= 0, "candidates are numbered from 0, found %s", number);
  }

  /** The text's id, with the number behind it unless it is 0. */
  public String id() {
    return number == 0 ? text.id() : text.id() + "#" + number;
  }

  /** This candidate with another instruction. */
  public Candidate withInstruction(String newInstruction) {
    return new Candidate(text, number, newInstruction, label, lineage);
  }

  /** This candidate as a judge found it. */
  public Candidate judged(String newLabel, Lineage newLineage) {
    return new Candidate(text, number, instruction, newLabel, newLineage);
  }

  /** The id; the texts may be private. */
  @Override
  public String toString() {
    return "Candidate[" + id() + "]";
  }
}
