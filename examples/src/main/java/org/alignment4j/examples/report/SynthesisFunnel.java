package org.alignment4j.examples.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alignment4j.synthesis.SynthesisReport.StageYield;

/**
 * Yields of the stages, summed in several ways.
 *
 * @param yields the yields, in the order of the stages
 */
record SynthesisFunnel(List<StageYield> yields) {
  private static final String EVERY = "";
  private static final String EMPTY_NAME = "(none)";

  /**
   * Items that a stage dropped for one reason, over all categories.
   *
   * @param items at least 1
   */
  record Drop(String stage, String reason, long items) {}

  /** Returns one yield for each stage, in order, summed over the categories. */
  List<StageYield> stages() {
    Map<String, StageYield> sums = new LinkedHashMap<>();
    for (StageYield y : yields) {
      sums.merge(
          y.stage(),
          new StageYield(y.stage(), EVERY, y.in(), y.out(), y.dropped()),
          StageYield::plus);
    }
    return List.copyOf(sums.values());
  }

  /** Returns the categories, sorted by name. */
  List<String> categories() {
    return yields.stream().map(StageYield::category).distinct().sorted().toList();
  }

  Optional<StageYield> find(String stage, String category) {
    return yields.stream()
        .filter(y -> y.stage().equals(stage) && y.category().equals(category))
        .reduce(StageYield::plus);
  }

  /** Returns all drops, the most frequent first. */
  List<Drop> drops() {
    List<Drop> drops = new ArrayList<>();
    for (StageYield stage : stages()) {
      largestFirst(stage.dropped())
          .forEach(e -> drops.add(new Drop(stage.stage(), e.getKey(), e.getValue())));
    }
    drops.sort(Comparator.comparingLong(Drop::items).reversed());
    return drops;
  }

  /** Returns the drop reasons by descending count; ties are sorted by name. */
  static List<Map.Entry<String, Long>> largestFirst(Map<String, Long> dropped) {
    return dropped.entrySet().stream()
        .filter(e -> e.getValue() > 0)
        .sorted(
            Map.Entry.<String, Long>comparingByValue()
                .reversed()
                .thenComparing(Map.Entry.comparingByKey()))
        .toList();
  }

  /** Returns a category's display name. */
  static String name(String category) {
    return category.isBlank() ? EMPTY_NAME : category;
  }
}
