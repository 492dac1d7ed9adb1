package org.alignment4j.data.moral;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.alignment4j.data.moral.AnswerReader.Reading;
import org.alignment4j.data.moral.MoralExperiment.Condition;

/**
 * Which place in the list of options answers fall on. A model that answers by content falls on
 * every place, where the data mixes them or they are listed in all orders. Not thread-safe.
 */
final class PlaceCounts {
  /** By chance alone three options give eight equal answers once in two thousand runs. */
  private static final int FEWEST = 8;

  private static final double NEARLY_ALL = 0.95;

  private final List<Integer> counts = new ArrayList<>();
  private int readings;

  /**
   * Counts a reading whose probabilities are in the order that was shown; of equal probabilities
   * none.
   */
  void add(Reading reading) {
    if (!reading.isRead()) {
      return;
    }
    readings++;
    double most = Collections.max(reading.probabilities());
    if (Collections.frequency(reading.probabilities(), most) == 1) {
      int place = reading.probabilities().indexOf(most);
      while (counts.size() <= place) {
        counts.add(0);
      }
      counts.set(place, counts.get(place) + 1);
    }
  }

  /**
   * What to say if nearly all answers fall on one place.
   *
   * @param allOrders whether the options were listed in all orders
   */
  Optional<String> warning(Condition condition, boolean allOrders) {
    int most = counts.isEmpty() ? 0 : Collections.max(counts);
    if (readings < FEWEST || most < NEARLY_ALL * readings) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            Locale.ROOT,
            "%s: the same letter, (%c), in %d of %d readings: %s.",
            condition.label(),
            'a' + counts.indexOf(most),
            most,
            readings,
            allOrders
                ? "the model answers by place, not by content; its scores tell little"
                : "it may answer by place, not by content; try all orders of the options"
                    + " (--all-orders)"));
  }
}
