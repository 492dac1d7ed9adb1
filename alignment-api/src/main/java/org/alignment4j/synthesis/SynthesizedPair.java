package org.alignment4j.synthesis;

import java.io.Serializable;
import org.alignment4j.tune.PreferencePair;

/**
 * A preference pair that was made, not annotated (Safer-Instruct, stage 6). Immutable.
 *
 * @param pair the induced instruction, the expert's answer as chosen, the unsafe text as rejected;
 *     its id is the source text's, with a number behind it where the text yielded several
 * @param label the category of the instruction
 * @param lineage where the text comes from and what was done to make the pair
 */
public record SynthesizedPair(PreferencePair pair, String label, Lineage lineage)
    implements Serializable {
  /** The id and the label; the texts may be private. */
  @Override
  public String toString() {
    return "SynthesizedPair[" + pair.id() + ", label '" + label + "']";
  }
}
