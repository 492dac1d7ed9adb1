package org.alignment4j.train;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;

/**
 * AdamW as in {@code torch.optim.AdamW}: decoupled weight decay, and the second moment corrected
 * for its bias <em>before</em> eps is added (DJL's own optimizer adds it first, which changes
 * results where gradients are as small as eps). Parameters, moments and gradients are float32. Not
 * thread-safe.
 */
public final class AdamW implements AutoCloseable {
  /**
   * Settings of the optimizer.
   *
   * @param beta1 decay of the first moment, 0 to 1
   * @param beta2 decay of the second moment, 0 to 1
   * @param eps added to the root of the corrected second moment, greater than 0
   * @param weightDecay factor of lr x parameter subtracted at each step, 0 or more
   */
  public record Settings(double beta1, double beta2, double eps, double weightDecay) {
    /** betas 0.9 and 0.999, eps 1e-8, no weight decay. */
    public static final Settings DEFAULT = new Settings(0.9, 0.999, 1e-8, 0);

    /** Checks the ranges. */
    public Settings {
      require(beta1 >= 0 && beta1 < 1, "beta1 must be in [0, 1), was %s", beta1);
      require(beta2 >= 0 && beta2 < 1, "beta2 must be in [0, 1), was %s", beta2);
      require(eps > 0, "eps must be > 0, was %s", eps);
      require(weightDecay >= 0, "weightDecay must be >= 0, was %s", weightDecay);
    }
  }

  private final List<NDArray> parameters;
  private final Settings settings;
  private final NDManager manager;
  private final NDList first = new NDList();
  private final NDList second = new NDList();
  private final NDList steps = new NDList();

  /**
   * Creates the optimizer with zero moments.
   *
   * @param parameters float32 tensors, updated in place
   */
  public AdamW(List<NDArray> parameters, Settings settings) {
    require(!parameters.isEmpty(), "no parameters");
    for (NDArray p : parameters) {
      require(
          p.getDataType() == DataType.FLOAT32,
          "trained parameters must be float32, found %s",
          p.getDataType());
    }
    this.parameters = List.copyOf(parameters);
    this.settings = settings;
    this.manager = parameters.get(0).getManager().newSubManager();
    for (NDArray p : parameters) {
      first.add(manager.zeros(p.getShape()));
      second.add(manager.zeros(p.getShape()));
      steps.add(manager.zeros(new Shape()));
    }
  }

  /**
   * Updates the parameters. The gradients are unchanged, or scaled in place when clipped.
   *
   * @param gradients float32, one per parameter, same shapes
   * @param learningRate 0 or more
   * @param maxNorm maximum joint L2 norm of the gradients, which are scaled down to it; infinity
   *     for no clipping
   * @return the joint L2 norm before clipping, and the median of |gradient| / eps of a sample,
   *     which shows how much eps damps the step
   */
  public StepReport step(NDList gradients, double learningRate, double maxNorm) {
    require(
        gradients.size() == parameters.size(),
        "%s gradients for %s parameters",
        gradients.size(),
        parameters.size());
    for (int i = 0; i < parameters.size(); i++) {
      require(
          gradients.get(i).getShape().equals(parameters.get(i).getShape()),
          "gradient %s has shape %s, its parameter %s",
          i,
          gradients.get(i).getShape(),
          parameters.get(i).getShape());
    }
    try (NDManager scope = manager.newSubManager()) {
      NDList result =
          TrainKernels.on(manager)
              .call("adamw", scope)
              .list(parameters)
              .list(gradients)
              .list(first)
              .list(second)
              .list(steps)
              .reals(
                  learningRate,
                  settings.beta1,
                  settings.beta2,
                  settings.eps,
                  settings.weightDecay,
                  maxNorm)
              .infer();
      return new StepReport(result.get(0).getFloat(), result.get(1).getFloat() / settings.eps);
    }
  }

  /**
   * Measurements of one step.
   *
   * @param gradientNorm joint L2 norm of the gradients, before clipping
   * @param medianGradientOverEps median of |gradient| / eps over a sample of the largest parameter,
   *     after clipping
   */
  public record StepReport(double gradientNorm, double medianGradientOverEps) {}

  /** The moments and step counts, in the parameters' order: first, second, steps; live tensors. */
  public NDList state() {
    NDList all = new NDList();
    all.addAll(first);
    all.addAll(second);
    all.addAll(steps);
    return all;
  }

  @Override
  public void close() {
    manager.close();
  }
}
