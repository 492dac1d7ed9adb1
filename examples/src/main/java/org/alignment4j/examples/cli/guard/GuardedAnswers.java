package org.alignment4j.examples.cli.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.alignment4j.GuardedChat;
import org.alignment4j.PromptGuard;
import org.alignment4j.chat.Prompt;
import org.alignment4j.sysformer.SysformerGuard;
import org.jspecify.annotations.Nullable;

/**
 * A guarded model that {@code guard evaluate} measures.
 *
 * @param name name in the table; guards of the same name are seeds of one method
 * @param source folder, or a description
 * @param chat model and guard
 * @param guard the guard that decides
 * @param harmScores the guard's harm scores of prompts; null if it has none
 * @param layer layer up to which a screen runs the model; empty for other guards
 */
record GuardedAnswers(
    String name,
    String source,
    GuardedChat chat,
    PromptGuard guard,
    @Nullable Function<List<Prompt>, double[]> harmScores,
    Optional<Integer> layer) {

  List<String> answers(List<Prompt> prompts) {
    return chat.replyAll(prompts).stream().map(GuardedChat.Reply::text).toList();
  }

  /** Returns the latency of single checks, in milliseconds, after warm-up. */
  Latency latency(List<Prompt> prompts) {
    return Latency.of(prompts, p -> guard.check(p));
  }

  static @Nullable Function<List<Prompt>, double[]> harmScores(
      SysformerGuard guard, Object classificationWeight) {
    boolean trained = classificationWeight instanceof Number n && n.doubleValue() > 0;
    return trained ? guard::harmScores : null;
  }

  /**
   * Latency of single calls, in milliseconds.
   *
   * @param p50 median
   * @param p95 95th percentile
   * @param n number of calls
   */
  record Latency(double p50, double p95, int n) {
    private static final int WARM_UP = 5;

    static Latency of(List<Prompt> prompts, Consumer<Prompt> call) {
      return ofEach(prompts, List.of(call)).get(0);
    }

    /** Times calls alternately, so that load on the machine affects all. */
    static List<Latency> ofEach(List<Prompt> prompts, List<Consumer<Prompt>> calls) {
      List<List<Long>> nanos = calls.stream().map(c -> (List<Long>) new ArrayList<Long>()).toList();
      for (int i = -WARM_UP; i < prompts.size(); i++) {
        Prompt p = prompts.get(Math.floorMod(i, prompts.size()));
        for (int c = 0; c < calls.size(); c++) {
          long start = System.nanoTime();
          calls.get(c).accept(p);
          if (i >= 0) {
            nanos.get(c).add(System.nanoTime() - start);
          }
        }
      }
      nanos.forEach(own -> own.sort(null));
      return nanos.stream().map(n -> new Latency(at(n, 0.5), at(n, 0.95), n.size())).toList();
    }

    private static double at(List<Long> sorted, double share) {
      int i = (int) Math.ceil(share * sorted.size()) - 1;
      return sorted.get(Math.max(0, i)) / 1e6;
    }
  }
}
