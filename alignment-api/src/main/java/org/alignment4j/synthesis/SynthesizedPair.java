package org.alignment4j.synthesis;

import java.io.Serializable;
import org.alignment4j.tune.PreferencePair;

/**
 * A synthesised preference pair (Safer-Instruct, stage 6). Immutable.
 *
 * @param pair the induced instruction, with the expert's response as chosen and the unsafe text as
 *     rejected; its id is the source text's, followed by a number if the text yielded several
 * @param label the category of the instruction
 * @param lineage the source of the text and the steps that made the pair
 */
public record SynthesizedPair(PreferencePair pair, String label, Lineage lineage)
    implements Serializable {
  /** Contains id and label, not the texts, which may be private. */
  @Override
  public String toString() {
    return "SynthesizedPair[" + pair.id() + ", label '" + label + "']";
  }
}
