package org.alignment4j.examples.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alignment4j.synthesis.SynthesisReport.StageYield;

/**
 * Yields of stages, added up in several ways.
 *
 * @param yields in the order of the stages
 */
record SynthesisFunnel(List<StageYield> yields) {
  private static final String EVERY = "";
  private static final String EMPTY_NAME = "(none)";

  /**
   * What a stage dropped for one reason, all categories together.
   *
   * @param items at least 1
   */
  record Drop(String stage, String reason, long items) {}

  /** One for each stage, in order, of all categories together. */
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

  /** In the order of their names. */
  List<String> categories() {
    return yields.stream().map(StageYield::category).distinct().sorted().toList();
  }

  Optional<StageYield> find(String stage, String category) {
    return yields.stream()
        .filter(y -> y.stage().equals(stage) && y.category().equals(category))
        .reduce(StageYield::plus);
  }

  /** All drops, the most frequent first. */
  List<Drop> drops() {
    List<Drop> drops = new ArrayList<>();
    for (StageYield stage : stages()) {
      largestFirst(stage.dropped())
          .forEach(e -> drops.add(new Drop(stage.stage(), e.getKey(), e.getValue())));
    }
    drops.sort(Comparator.comparingLong(Drop::items).reversed());
    return drops;
  }

  /** Reasons that something was dropped for; those of one number in the order of their names. */
  static List<Map.Entry<String, Long>> largestFirst(Map<String, Long> dropped) {
    return dropped.entrySet().stream()
        .filter(e -> e.getValue() > 0)
        .sorted(
            Map.Entry.<String, Long>comparingByValue()
                .reversed()
                .thenComparing(Map.Entry.comparingByKey()))
        .toList();
  }

  /** A category as people read it. */
  static String name(String category) {
    return category.isBlank() ? EMPTY_NAME : category;
  }
}
