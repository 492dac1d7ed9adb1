package org.alignment4j.rahf;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.alignment4j.chat.Encoded;
import org.alignment4j.rahf.PreferenceSettings.FittedResponses;
import org.alignment4j.rahf.PreferenceTuner.EncodedPair;

/**
 * One response under the three conditions of step 2: without an instruction, and under the good and
 * the bad one; where the conditions are adapters, all three are the same.
 *
 * @param number index of the row, by which its target is found
 */
record FitRow(int number, Encoded plain, Encoded good, Encoded bad) {
  /**
   * The rows of pairs, in order, of a pair's two the chosen one first.
   *
   * @param seed of the choice, if it is random
   */
  static List<FitRow> of(List<EncodedPair> pairs, FittedResponses which, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<FitRow> rows = new ArrayList<>();
    for (EncodedPair p : pairs) {
      boolean first = random.nextBoolean();
      boolean chosen =
          which == FittedResponses.CHOSEN
              || which == FittedResponses.BOTH
              || (which == FittedResponses.RANDOM && first);
      boolean rejected = which == FittedResponses.BOTH || !chosen;
      if (chosen) {
        rows.add(of(rows.size(), p.chosen()));
      }
      if (rejected) {
        rows.add(of(rows.size(), p.rejected()));
      }
    }
    return rows;
  }

  private static FitRow of(int number, EncodedPair.Response r) {
    return new FitRow(number, r.plain(), r.good(), r.bad());
  }
}
