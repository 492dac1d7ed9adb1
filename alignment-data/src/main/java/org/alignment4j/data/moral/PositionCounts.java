package org.alignment4j.data.moral;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.alignment4j.data.moral.AnswerReader.Reading;
import org.alignment4j.data.moral.MoralExperiment.Condition;

/**
 * Counts the positions of the chosen options in the list, to detect position bias. A model that
 * answers by content chooses every position, if the data mixes them or lists the options in all
 * orders. Not thread-safe.
 */
final class PositionCounts {
  /** By chance alone, eight answers fall on one of three positions once in two thousand runs. */
  private static final int MIN_READINGS = 8;

  private static final double NEARLY_ALL = 0.95;

  private final List<Integer> counts = new ArrayList<>();
  private int readings;

  /** Counts a reading whose probabilities are in the order of the prompt; ties are not counted. */
  void add(Reading reading) {
    if (!reading.isRead()) {
      return;
    }
    readings++;
    double max = Collections.max(reading.probabilities());
    if (Collections.frequency(reading.probabilities(), max) == 1) {
      int position = reading.probabilities().indexOf(max);
      while (counts.size() <= position) {
        counts.add(0);
      }
      counts.set(position, counts.get(position) + 1);
    }
  }

  /**
   * Returns a warning if nearly all answers choose one position.
   *
   * @param allOrders whether the options were listed in all orders
   */
  Optional<String> warning(Condition condition, boolean allOrders) {
    int max = counts.isEmpty() ? 0 : Collections.max(counts);
    if (readings < MIN_READINGS || max < NEARLY_ALL * readings) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            Locale.ROOT,
            "%s: the same letter, (%c), in %d of %d readings: %s.",
            condition.label(),
            'a' + counts.indexOf(max),
            max,
            readings,
            allOrders
                ? "the model answers by position, not by content; its scores mean little"
                : "it may answer by position, not by content; try all orders of the options"
                    + " (--all-orders)"));
  }
}
