package org.alignment4j.actor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alignment4j.chat.Prompt;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.RefusalJudge.RefusalVerdict;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;

/**
 * First tokens of a model's refusals, learned from its own responses, to compute the log-odds that
 * it starts with one.
 *
 * @param ids token ids; empty if the model refused too few anchors
 * @param harmful harmful anchors whose responses start as refusals
 * @param benign benign anchors whose responses start as refusals
 */
record RefusalOpeners(Set<Integer> ids, Rate harmful, Rate benign) {
  private static final int TOKENS = 16;

  /**
   * With fewer refusals of harmful anchors the openers would be noise: one odd response would
   * choose the layer.
   */
  private static final int MIN_REFUSALS = 2;

  private static final double MIN_SHARE = 0.05;

  /** Learns the openers from the model's greedy responses; see {@link #of}. */
  static RefusalOpeners learn(
      LanguageModel model, RefusalJudge judge, List<Prompt> harmful, List<Prompt> benign) {
    List<Prompt> prompts = new ArrayList<>(harmful);
    prompts.addAll(benign);
    Map<Integer, int[]> counts = new HashMap<>();
    int[] refused = new int[2];
    List<Completion> answers = model.generate(prompts, Generation.greedy(TOKENS));
    List<RefusalVerdict> verdicts =
        judge.judgeAll(
            prompts.stream().map(p -> p.last().text()).toList(),
            answers.stream().map(Completion::text).toList());
    for (int i = 0; i < answers.size(); i++) {
      if (answers.get(i).ids().length > 0) {
        int[] c = counts.computeIfAbsent(answers.get(i).ids()[0], k -> new int[2]);
        c[0]++;
        if (verdicts.get(i).isRefusal()) {
          c[1]++;
          refused[i < harmful.size() ? 0 : 1]++;
        }
      }
    }
    boolean enough = refused[0] >= Math.max(MIN_REFUSALS, MIN_SHARE * harmful.size());
    return new RefusalOpeners(
        enough ? of(counts) : Set.of(),
        new Rate(refused[0], harmful.size()),
        new Rate(refused[1], benign.size()));
  }

  /**
   * Returns the tokens nearly all of whose responses are refusals; if there are none, as with few
   * prompts, those most of whose responses are.
   *
   * @param counts number of responses that start with a token, and of refusals among them
   */
  static Set<Integer> of(Map<Integer, int[]> counts) {
    for (double share : new double[] {0.9, 0.5}) {
      Set<Integer> ids = new HashSet<>();
      counts.forEach(
          (id, c) -> {
            if (c[1] > 0 && c[1] >= share * c[0]) {
              ids.add(id);
            }
          });
      if (!ids.isEmpty()) {
        return ids;
      }
    }
    return Set.of();
  }

  /** log(p / (1 - p)) for p the probability of an opener, from logits [V]; float64. */
  double logOdds(float[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (float l : logits) {
      max = Math.max(max, l);
    }
    double openers = 0;
    double others = 0;
    for (int i = 0; i < logits.length; i++) {
      double e = Math.exp(logits[i] - max);
      if (ids.contains(i)) {
        openers += e;
      } else {
        others += e;
      }
    }
    return Math.log(Math.max(openers, 1e-300)) - Math.log(Math.max(others, 1e-300));
  }
}
