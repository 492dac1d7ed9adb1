package org.alignment4j.train;

import static org.alignment4j.core.Arguments.require;

import java.util.Map;

/**
 * Judges the parameters as they are now: which state of a training is kept, and when it ends early.
 * Called on the training thread.
 */
@FunctionalInterface
public interface Evaluator {

  /**
   * Measures the objective's current parameters without changing them. Must depend on nothing but
   * the parameters and the step, so that a resumed training chooses as an uninterrupted one does.
   *
   * @param step optimizer steps done so far, from 1
   */
  Evaluation evaluate(long step);

  /**
   * One measurement.
   *
   * @param score higher is better; not NaN
   * @param acceptable whether these parameters may be the training's result at all
   * @param stop whether the training should end here
   * @param metrics further figures by name
   */
  record Evaluation(double score, boolean acceptable, boolean stop, Map<String, Double> metrics) {
    /** Checks the score and copies the metrics. */
    public Evaluation {
      require(!Double.isNaN(score), "an evaluation's score must be a number, was NaN");
      metrics = Map.copyOf(metrics);
    }

    /** An acceptable state with a score, and the training goes on. */
    public static Evaluation of(double score) {
      return new Evaluation(score, true, false, Map.of());
    }
  }
}
