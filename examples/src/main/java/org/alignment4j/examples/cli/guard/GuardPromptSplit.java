package org.alignment4j.examples.cli.guard;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.alignment4j.sysformer.SysformerTuner.GuardPrompt;

/**
 * Prompts to train a guard on, and to validate it on.
 *
 * @param train training prompts, shuffled by the seed
 * @param validation validation prompts; empty without a grid
 */
record GuardPromptSplit(List<GuardPrompt> train, List<GuardPrompt> validation) {
  private static final int FIFTH = 5;

  /**
   * Splits the prompts of each class; the rewordings of a prompt stay together.
   *
   * @param choosing whether a fifth is kept for validation
   */
  static GuardPromptSplit of(
      List<String> harmful, List<String> harmless, Wordings wordings, long seed, boolean choosing) {
    GuardPromptSplit split = new GuardPromptSplit(new ArrayList<>(), new ArrayList<>());
    split.add(harmful, GuardPrompt::harmful, wordings, seed, choosing);
    split.add(harmless, GuardPrompt::harmless, wordings, seed, choosing);
    return split;
  }

  private void add(
      List<String> prompts,
      Function<String, GuardPrompt> as,
      Wordings wordings,
      long seed,
      boolean choosing) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      order.add(i);
    }
    Collections.shuffle(order, new Random(seed));
    int kept = choosing ? Math.max(1, prompts.size() / FIFTH) : 0;
    for (int k = 0; k < order.size(); k++) {
      int i = order.get(k);
      for (String worded : wordings.of(prompts.get(i), i, seed)) {
        (k < kept ? validation : train).add(as.apply(worded));
      }
    }
  }
}
