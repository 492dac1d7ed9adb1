package org.alignment4j.train;

import static org.alignment4j.core.Arguments.require;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Map;

/**
 * What a {@link TrainingLoop} minimises: parameters, and a loss over rows of data with its
 * gradients. Called on the training thread only.
 *
 * @param <B> one row of data
 */
public interface Objective<B> {

  /**
   * The trained tensors: float32, on one device, requiring gradients, of any shapes; the same
   * tensors at each call. The loop changes their values in place.
   */
  NDList parameters();

  /** Names of the {@link #parameters}, each once, in their order. */
  List<String> parameterNames();

  /**
   * Computes a micro batch's losses and gradients: the <em>sums</em> over its rows, which the loop
   * adds up over the batch and divides by the total weight. The parameters must not be changed.
   *
   * @param batch at least one row
   * @param scope owns the gradients and everything made on the way; closed after the call
   * @param stepSeed the seed for dropout and the like: a pure function of the settings' seed, the
   *     step, and the micro batch's place in its batch
   */
  Gradients gradients(List<B> batch, NDManager scope, long stepSeed);

  /**
   * Called before each optimizer step, e.g. to renew a target that depends on the parameters. May
   * be called again for the same step when training was cancelled and resumed, and must then have
   * the same effect.
   *
   * @param step optimizer steps done so far, from 0
   * @param scope for temporary tensors, closed after the call
   */
  default void beforeStep(long step, NDManager scope) {}

  /**
   * What the objective keeps from step to step besides the parameters, for the checkpoint: values
   * by name. Data and settings do not belong here.
   */
  default Map<String, float[]> state() {
    return Map.of();
  }

  /** Takes back what {@link #state} gave, after the parameters were restored from a checkpoint. */
  default void restore(Map<String, float[]> state) {}

  /**
   * Sums over the rows of a micro batch.
   *
   * @param lossSum sum of the losses
   * @param weight what {@code lossSum} is to be divided by for the mean loss: rows, tokens or class
   *     weights summed; 0 or more
   * @param gradients derivatives of {@code lossSum}, one per parameter, float32, same shapes
   * @param metrics further figures by name, as sums like {@code lossSum}; the loop divides them by
   *     the batch's total weight
   */
  record Gradients(double lossSum, double weight, NDList gradients, Map<String, Double> metrics) {
    /** Copies the metrics and checks the weight. */
    public Gradients {
      require(weight >= 0 && Double.isFinite(weight), "weight must be >= 0, was %s", weight);
      metrics = Map.copyOf(metrics);
    }

    /** Sums without metrics. */
    public Gradients(double lossSum, double weight, NDList gradients) {
      this(lossSum, weight, gradients, Map.of());
    }
  }
}
