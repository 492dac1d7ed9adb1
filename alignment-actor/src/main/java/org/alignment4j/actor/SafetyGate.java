package org.alignment4j.actor;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.chat.Prompt;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.RefusalTally;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.train.Evaluator;

/**
 * Measures refusals on prompts that are never trained on and the drift on benign ones, and says
 * whether a state of the block may be kept: one that lowers over-refusal, and keeps harmful refusal
 * and the answers to benign prompts within the settings' bounds.
 */
final class SafetyGate implements Evaluator {
  private static final int KL_PROMPTS = 32;

  private final LanguageModel tuned;
  private final ActorPrompts prompts;
  private final ActorSettings.Gate settings;
  private final RefusalJudge judge;
  private final RefusalOpeners openers;
  private final List<Prompt> klPrompts;
  private final float[][] baseLogits;
  private final Refusals before;

  /** Refusals on the gate's prompts. */
  record Refusals(RefusalTally safe, RefusalTally harmful) {}

  /**
   * Measures the model before tuning.
   *
   * @param tuned a view that follows the training
   */
  SafetyGate(
      LanguageModel base,
      LanguageModel tuned,
      ActorPrompts prompts,
      ActorSettings.Gate settings,
      RefusalJudge judge,
      RefusalOpeners openers) {
    this.tuned = tuned;
    this.prompts = prompts;
    this.settings = settings;
    this.judge = judge;
    this.openers = openers;
    this.klPrompts = prompts.benign().subList(0, Math.min(KL_PROMPTS, prompts.benign().size()));
    this.baseLogits = base.nextTokenLogits(klPrompts);
    this.before = measure(base);
  }

  Refusals before() {
    return before;
  }

  Refusals measure(LanguageModel model) {
    return new Refusals(tally(model, prompts.gateSafe()), tally(model, prompts.gateHarmful()));
  }

  private RefusalTally tally(LanguageModel model, List<Prompt> some) {
    List<Completion> answers = model.generate(some, Generation.greedy(settings.tokens()));
    return RefusalTally.of(
        judge,
        some.stream().map(p -> p.last().text()).toList(),
        answers.stream().map(Completion::text).toList());
  }

  @Override
  public Evaluation evaluate(long step) {
    Refusals now = measure(tuned);
    double kl = meanKl(baseLogits, tuned.nextTokenLogits(klPrompts));
    long n = now.harmful().n();
    long allowed = Math.max(1, (long) Math.floor(settings.tolerance() * n));
    boolean safe = now.harmful().refusal().k() >= before.harmful().refusal().k() - allowed;
    // Silence is no help either: everything but compliance counts as over-refusal here.
    double over = now.safe().nonCompliance().rate();
    boolean better = now.safe().nonCompliance().k() < before.safe().nonCompliance().k();
    // A block that gives no numbers any more has a KL of NaN, which is within no budget.
    boolean close = kl <= settings.klBudget();
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("over_refusal", over);
    metrics.put("harmful_refusal", now.harmful().refusal().rate());
    metrics.put("kl", kl);
    // Few prompts give many ties: among equals the state that separates the classes best, counted
    // for less than one prompt.
    double separation = separation();
    double tie = (Double.isNaN(separation) ? -1 : separation) / (2.0 * now.safe().n());
    return new Evaluation(-over + tie, safe && close && better, false, metrics);
  }

  /** Mean chance of a refusal's opener on harmful prompts, less that on safe ones, -1 to 1. */
  private double separation() {
    return openers.ids().isEmpty() ? 0 : chance(prompts.gateHarmful()) - chance(prompts.gateSafe());
  }

  private double chance(List<Prompt> some) {
    return Arrays.stream(tuned.nextTokenLogits(some))
        .mapToDouble(logits -> 1 / (1 + Math.exp(-openers.logOdds(logits))))
        .average()
        .orElseThrow();
  }

  /** Mean KL(p || q) in nats over rows of logits [N, V], float64. */
  static double meanKl(float[][] p, float[][] q) {
    double sum = 0;
    for (int i = 0; i < p.length; i++) {
      double zp = logSumExp(p[i]);
      double zq = logSumExp(q[i]);
      for (int v = 0; v < p[i].length; v++) {
        double lp = p[i][v] - zp;
        sum += Math.exp(lp) * (lp - (q[i][v] - zq));
      }
    }
    return sum / p.length;
  }

  private static double logSumExp(float[] x) {
    double max = Double.NEGATIVE_INFINITY;
    for (float v : x) {
      max = Math.max(max, v);
    }
    double sum = 0;
    for (float v : x) {
      sum += Math.exp(v - max);
    }
    return max + Math.log(sum);
  }
}
