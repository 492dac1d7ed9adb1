package org.alignment4j.rahf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alignment4j.chat.Encoded;

/**
 * A response whose hidden states lose their direction, and another whose hidden states stay. The
 * two need have nothing in common.
 */
record ReroutingRow(Encoded broken, Encoded kept) {
  /**
   * As many rows as the larger list has responses; the smaller one is repeated.
   *
   * @param tokens maximum number of tokens of a response; the others, whose states nothing reads,
   *     are cut off
   */
  static List<ReroutingRow> of(List<Encoded> broken, List<Encoded> kept, int tokens) {
    List<ReroutingRow> rows = new ArrayList<>();
    for (int i = 0; i < Math.max(broken.size(), kept.size()); i++) {
      rows.add(
          new ReroutingRow(
              cut(broken.get(i % broken.size()), tokens), cut(kept.get(i % kept.size()), tokens)));
    }
    return rows;
  }

  private static Encoded cut(Encoded sequence, int tokens) {
    return sequence.responseLength() <= tokens
        ? sequence
        : new Encoded(
            Arrays.copyOf(sequence.ids(), sequence.responseStart() + tokens),
            sequence.responseStart());
  }
}
