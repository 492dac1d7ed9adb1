package org.alignment4j.rahf;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.rahf.PreferenceSettings.FitLoss;

/** Kernels of the losses; see rahf.torchscript for shapes. */
final class RahfKernels implements AutoCloseable {
  private final Kernels kernels;

  RahfKernels(Device device) {
    kernels =
        Kernels.named("rahf")
            .trainingSource(RahfKernels.class, "rahf.torchscript")
            .gradients()
            .compile(device);
  }

  /** The loss, d [B], own means [B], then gradients. */
  NDList scit(
      NDArray sums,
      double[] lengths,
      double lambda,
      double smoothing,
      NDList parameters,
      NDManager scope) {
    return kernels
        .call("scit", scope)
        .tensor(sums)
        .reals(lengths)
        .reals(lambda, smoothing)
        .list(parameters)
        .train();
  }

  /** The loss, rewards [2B], then gradients. */
  NDList dpo(NDArray sums, double[] reference, double beta, NDList parameters, NDManager scope) {
    return kernels
        .call("dpo", scope)
        .tensor(sums)
        .reals(reference)
        .reals(beta)
        .list(parameters)
        .train();
  }

  /** The loss, then gradients. */
  NDList fit(NDList states, NDList targets, FitLoss form, NDList parameters, NDManager scope) {
    return kernels
        .call("fit", scope)
        .list(states)
        .list(targets)
        .reals(form == FitLoss.SQUARED ? 1 : 0)
        .list(parameters)
        .train();
  }

  /**
   * The loss, the sums of cosines, of their positive parts and of distances, each weighted, then
   * gradients.
   */
  NDList reroute(
      ReroutedStates broken,
      ReroutedStates kept,
      double breaking,
      double keeping,
      NDList parameters,
      NDManager scope) {
    return kernels
        .call("reroute", scope)
        .list(broken.now())
        .list(broken.start())
        .list(kept.now())
        .list(kept.start())
        .reals(broken.weights())
        .reals(kept.weights())
        .reals(breaking, keeping)
        .list(parameters)
        .train();
  }

  /**
   * Hidden states of R tokens.
   *
   * @param now per layer [R, D], with their graph
   * @param start per layer [R, D], of the start model
   * @param weights of the tokens' terms in the loss [R]
   */
  record ReroutedStates(NDList now, NDList start, double[] weights) {}

  @Override
  public void close() {
    kernels.close();
  }
}
