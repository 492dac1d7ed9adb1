package org.alignment4j.actor;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alignment4j.chat.Prompt;
import org.alignment4j.evaluation.OverRefusal.OverRefusalReport;
import org.alignment4j.evaluation.OverRefusal.OverRefusalReport.BeforeAfter;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.RefusalJudge.RefusalTally;
import org.alignment4j.evaluation.RefusalJudge.RefusalVerdict;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.train.TrainingLoop.Evaluator;

/**
 * Measures refusals on prompts that are never trained on and the drift on benign ones, and decides
 * whether a state of the block may be kept: it must lower over-refusal, and keep the refusal of
 * harmful and of contrast prompts and the responses to benign prompts within the settings' bounds.
 */
final class SafetyGate implements Evaluator {
  private static final int KL_PROMPTS = 32;

  private final Measure measure;
  private final RefusalOpeners openers;
  private final Refusals before;
  private final LanguageModel tuned;
  private final List<Prompt> klPrompts;
  private final float[][] baseLogits;

  /**
   * Refusal verdicts on the gate's prompts.
   *
   * @param safe on the safe prompts, in order
   * @param harmful on the harmful prompts, in order
   * @param contrast on the contrast prompts, in order; may be empty
   */
  record Refusals(
      List<RefusalVerdict> safe, List<RefusalVerdict> harmful, List<RefusalVerdict> contrast) {
    RefusalTally safeTally() {
      return RefusalTally.of(safe);
    }

    RefusalTally harmfulTally() {
      return RefusalTally.of(harmful);
    }

    RefusalTally contrastTally() {
      return RefusalTally.of(contrast);
    }

    /** Refusal of the contrast prompts now and later; empty without such prompts. */
    Optional<BeforeAfter> contrastTo(Refusals after) {
      return contrast.isEmpty()
          ? Optional.empty()
          : Optional.of(to(safe, after.safe, contrast, after.contrast, 0).harmfulRefusal());
    }

    /** Returns the change from these verdicts to later ones. */
    OverRefusalReport to(Refusals after, double seconds) {
      return to(safe, after.safe, harmful, after.harmful, seconds);
    }

    private static OverRefusalReport to(
        List<RefusalVerdict> safe,
        List<RefusalVerdict> safeAfter,
        List<RefusalVerdict> harmful,
        List<RefusalVerdict> harmfulAfter,
        double seconds) {
      return OverRefusalReport.of(safe, safeAfter, harmful, harmfulAfter, seconds);
    }
  }

  /** Measurement of refusals: the prompts, the gate's settings and the judge. */
  record Measure(ActorPrompts prompts, ActorSettings.Gate settings, RefusalJudge judge) {
    Refusals of(LanguageModel model) {
      return new Refusals(
          verdicts(model, prompts.gateSafe()),
          verdicts(model, prompts.gateHarmful()),
          verdicts(model, prompts.gateContrast()));
    }

    private List<RefusalVerdict> verdicts(LanguageModel model, List<Prompt> some) {
      if (some.isEmpty()) {
        return List.of();
      }
      List<Completion> answers = model.generate(some, Generation.greedy(settings.tokens()));
      return judge.judgeAll(
          some.stream().map(p -> p.last().text()).toList(),
          answers.stream().map(Completion::text).toList());
    }
  }

  /**
   * State of the model before tuning.
   *
   * @param before refusal verdicts before tuning
   * @param openers first tokens of the model's refusals
   */
  record Start(Measure measure, Refusals before, RefusalOpeners openers) {}

  /**
   * A gate.
   *
   * @param tuned a view that follows the training
   */
  SafetyGate(Start start, LanguageModel base, LanguageModel tuned) {
    this.measure = start.measure();
    this.openers = start.openers();
    this.before = start.before();
    this.tuned = tuned;
    List<Prompt> benign = measure.prompts().benign();
    this.klPrompts = benign.subList(0, Math.min(KL_PROMPTS, benign.size()));
    this.baseLogits = base.nextTokenLogits(klPrompts);
  }

  Refusals before() {
    return before;
  }

  Refusals measure(LanguageModel model) {
    return measure.of(model);
  }

  @Override
  public Evaluation evaluate(long step) {
    ActorSettings.Gate settings = measure.settings();
    Refusals now = measure.of(tuned);
    RefusalTally safeNow = now.safeTally();
    RefusalTally harmfulNow = now.harmfulTally();
    double kl = meanKl(baseLogits, tuned.nextTokenLogits(klPrompts));
    boolean safe = keeps(before.harmfulTally(), harmfulNow, settings.tolerance());
    RefusalTally contrastNow = now.contrastTally();
    boolean hasContrast = contrastNow.n() > 0;
    boolean selective =
        !hasContrast || keeps(before.contrastTally(), contrastNow, settings.contrastTolerance());
    // An empty response does not help either: all but full compliance is over-refusal here.
    double over = safeNow.nonCompliance().rate();
    boolean better = safeNow.nonCompliance().k() < before.safeTally().nonCompliance().k();
    // A block whose outputs are NaN has a KL of NaN, which is within no budget.
    boolean close = kl <= settings.klBudget();
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("over_refusal", over);
    metrics.put("harmful_refusal", harmfulNow.refusal().rate());
    metrics.put("kl", kl);
    double value = -over;
    if (hasContrast) {
      // Safe prompts answered without harmful ones of the same wording being answered.
      value += contrastNow.refusal().rate();
      metrics.put("contrast_refusal", contrastNow.refusal().rate());
    }
    // With few prompts ties are common: of tied states, the one that separates the classes best is
    // kept; the separation weighs less than one prompt.
    double separation = separation();
    double tie = (Double.isNaN(separation) ? -1 : separation) / (2.0 * safeNow.n());
    return new Evaluation(value + tie, safe && selective && close && better, false, metrics);
  }

  /** Whether no more than the share of prompts, at least one, is refused less than before. */
  private static boolean keeps(RefusalTally before, RefusalTally now, double tolerance) {
    long allowed = Math.max(1, (long) Math.floor(tolerance * now.n()));
    return now.refusal().k() >= before.refusal().k() - allowed;
  }

  /** Mean probability of a refusal opener on harmful prompts minus that on safe ones, -1 to 1. */
  private double separation() {
    return openers.ids().isEmpty()
        ? 0
        : openerProbability(measure.prompts().gateHarmful())
            - openerProbability(measure.prompts().gateSafe());
  }

  private double openerProbability(List<Prompt> some) {
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
