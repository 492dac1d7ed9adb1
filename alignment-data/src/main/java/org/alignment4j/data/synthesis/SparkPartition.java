package org.alignment4j.data.synthesis;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.alignment4j.data.request.RequestLedger.BudgetException;
import scala.Tuple2;

/** Processes the items of one partition, on several threads, in order. */
final class SparkPartition {
  private SparkPartition() {}

  /** The reason why no further item is started. Thread-safe. */
  private static final class Stop {
    private volatile String reason = "";

    String reason() {
      return reason;
    }

    void because(String why) {
      reason = why;
    }
  }

  /**
   * Processes all items. Once the budget is used up, the remaining items are returned with that
   * reason: Spark would retry a task that failed.
   */
  static <I, O> List<SparkItem<O>> run(
      List<Tuple2<I, Long>> items, int threads, Function<I, ItemWork<O>> work) {
    Stop stop = new Stop();
    List<SparkItem<O>> done = new ArrayList<>();
    OrderedWork<Tuple2<I, Long>, SparkItem<O>, SparkItem<O>, SparkItem<O>> ordered =
        new OrderedWork<>(
            threads,
            "synthesis",
            item -> {
              if (stop.reason().isEmpty()) {
                try {
                  return new SparkItem<>(item._2(), work.apply(item._1()), "");
                } catch (BudgetException e) {
                  stop.because(String.valueOf(e.getMessage()));
                }
              }
              return new SparkItem<>(
                  item._2(), new ItemWork<>(List.of(), new StageTally()), stop.reason());
            },
            List::of,
            item -> item,
            done::add);
    ordered.run(items.iterator(), () -> false);
    return done;
  }
}
