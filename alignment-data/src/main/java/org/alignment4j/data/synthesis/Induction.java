package org.alignment4j.data.synthesis;

import static org.alignment4j.core.Arguments.require;

import java.util.List;
import org.alignment4j.data.request.ChatAnswer.Finish;
import org.alignment4j.data.request.StoredAnswer;

/**
 * An instruction that was induced from a text (Safer-Instruct, stage 2). Immutable.
 *
 * @param instruction without white space around it; may be empty
 * @param sample its number among those of its text, from 0
 * @param seed that it was drawn with
 * @param inducer the name of what induced it
 * @param answers the requests it took, in order, for the lineage; one at least
 */
public record Induction(
    String instruction, int sample, long seed, String inducer, List<StoredAnswer> answers) {
  /**
   * @throws IllegalArgumentException if the number is below 0 or there is no answer
   */
  public Induction {
    require(sample >= 0, "a sample's number must be 0 or more, was %s", sample);
    answers = List.copyOf(answers);
    require(!answers.isEmpty(), "an instruction needs the answer that it is from");
  }

  /** Whether the instruction is whole: it was not cut off at the most tokens, or withheld. */
  public boolean complete() {
    return answers.get(answers.size() - 1).answer().finish() == Finish.STOP;
  }

  /** The length and the other fields; the text may be private. */
  @Override
  public String toString() {
    return "Induction[%d characters, sample %d, seed %d, by %s]"
        .formatted(instruction.length(), sample, seed, inducer);
  }
}
