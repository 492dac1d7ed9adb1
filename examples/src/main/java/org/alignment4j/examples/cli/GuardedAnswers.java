package org.alignment4j.examples.cli;

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
 * One thing that {@code guard evaluate} measures.
 *
 * @param name for the table; those of the same name are seeds of one method
 * @param source folder, or a word
 * @param chat model and guard
 * @param guard decides
 * @param harmScores the guard's harm scores of prompts; null if it has none
 * @param layer up to which a screen reads the model; empty for other guards
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

  /** How long single checks take, in milliseconds, without the first ones. */
  Latency latency(List<Prompt> prompts) {
    return Latency.of(prompts, p -> guard.check(p));
  }

  static @Nullable Function<List<Prompt>, double[]> harmScores(
      SysformerGuard guard, Object classificationWeight) {
    boolean trained = classificationWeight instanceof Number n && n.doubleValue() > 0;
    return trained ? guard::harmScores : null;
  }

  /**
   * Milliseconds of single calls.
   *
   * @param p50 median
   * @param p95 95th percentile
   * @param n calls
   */
  record Latency(double p50, double p95, int n) {
    private static final int WARM_UP = 5;

    static Latency of(List<Prompt> prompts, Consumer<Prompt> call) {
      for (int i = 0; i < WARM_UP; i++) {
        call.accept(prompts.get(i % prompts.size()));
      }
      List<Long> nanos = new ArrayList<>();
      for (Prompt p : prompts) {
        long start = System.nanoTime();
        call.accept(p);
        nanos.add(System.nanoTime() - start);
      }
      nanos.sort(null);
      return new Latency(at(nanos, 0.5), at(nanos, 0.95), nanos.size());
    }

    private static double at(List<Long> sorted, double share) {
      int i = (int) Math.ceil(share * sorted.size()) - 1;
      return sorted.get(Math.max(0, i)) / 1e6;
    }
  }
}
