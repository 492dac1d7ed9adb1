package org.alignment4j.train;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alignment4j.train.TrainingLoop.Evaluator;

/**
 * The outcome of a training run. Immutable.
 *
 * @param stopReason why it ended
 * @param steps optimizer steps done
 * @param resultStep the step whose parameters are the result: the best acceptable evaluation's, 0
 *     if none was acceptable, or {@code steps} without an evaluator
 * @param finalLoss mean loss of the last step's batch, before that step
 * @param history about a thousand evenly spaced steps, always including the last one
 * @param evaluations all evaluations, in order
 * @param best the acceptable evaluation with the highest score, the first in case of a tie
 * @param seconds time spent training and evaluating, including before a resume
 */
public record TrainingResult(
    StopReason stopReason,
    long steps,
    long resultStep,
    double finalLoss,
    List<StepRecord> history,
    List<EvaluationRecord> evaluations,
    Optional<EvaluationRecord> best,
    double seconds) {

  /** Copies the lists. */
  public TrainingResult {
    history = List.copyOf(history);
    evaluations = List.copyOf(evaluations);
  }

  /** The reason why a training run ended. */
  public enum StopReason {
    /** All steps were done. */
    COMPLETED,
    /** The evaluator requested it, or patience ran out. */
    EARLY_STOPPED,
    /** No evaluation was acceptable: the parameters are those from before the training. */
    NO_ACCEPTABLE_CHECKPOINT
  }

  /**
   * One optimizer step.
   *
   * @param step its number, from 1
   * @param loss mean loss of its batch, before the step
   * @param learningRate learning rate of the step
   * @param gradientNorm joint L2 norm of the mean gradients before clipping
   * @param medianGradientOverEps median of |gradient| over AdamW's eps in a sample of the largest
   *     parameter; if not far above 1, eps damps the step
   * @param metrics the objective's figures, averaged by weight
   */
  public record StepRecord(
      long step,
      double loss,
      double learningRate,
      double gradientNorm,
      double medianGradientOverEps,
      Map<String, Double> metrics) {
    /** Copies the metrics. */
    public StepRecord {
      metrics = Map.copyOf(metrics);
    }
  }

  /**
   * One evaluation and its step.
   *
   * @param step optimizer steps done before it
   */
  public record EvaluationRecord(long step, Evaluator.Evaluation evaluation) {}
}
