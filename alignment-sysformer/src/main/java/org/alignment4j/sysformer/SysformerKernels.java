package org.alignment4j.sysformer;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.sysformer.SysformerSettings.LossWeights;

/** The Sysformer's forward pass and losses; see sysformer.torchscript for shapes. */
final class SysformerKernels implements AutoCloseable {
  private static final float HIDDEN = -3.0e38f;

  private final Kernels kernels;

  SysformerKernels(Sysformer.Shape shape, Device device) {
    kernels =
        Kernels.named("sysformer")
            .trainingSource(SysformerKernels.class, "sysformer.torchscript")
            .gradients()
            .attribute("heads", shape.heads())
            .compile(device);
  }

  /**
   * Returns adapted embeddings [Bn, D], with their autograd graph.
   *
   * @param prompts [Bm, D], rows of one request padded to the longest
   * @param lengths number of tokens of each request [B]
   */
  NDArray adapt(
      NDArray system,
      NDArray prompts,
      int[] lengths,
      List<NDArray> layers,
      double scale,
      NDManager scope) {
    int b = lengths.length;
    int m = (int) prompts.getShape().get(0) / b;
    float[] mask = new float[b * m];
    for (int i = 0; i < b; i++) {
      java.util.Arrays.fill(mask, i * m + lengths[i], (i + 1) * m, HIDDEN);
    }
    return kernels
        .call("adapt", scope)
        .tensor(system)
        .tensor(prompts)
        .tensor(scope.create(mask, new Shape(b, 1, 1, m)))
        .list(layers)
        .reals(scale)
        .train()
        .get(0);
  }

  /** Returns the loss, its four sums [4], harm logits [B], then gradients. */
  NDList loss(
      NDArray sums,
      NDArray adapted,
      NDArray states,
      NDArray original,
      NDArray head,
      NDArray bias,
      double[] lengths,
      double[] harmful,
      LossWeights weights,
      NDList parameters,
      NDManager scope) {
    return kernels
        .call("loss", scope)
        .tensor(sums)
        .tensor(adapted)
        .tensor(states)
        .tensor(original)
        .tensor(head)
        .tensor(bias)
        .reals(lengths)
        .reals(harmful)
        .reals(weights.toArray())
        .list(parameters)
        .train();
  }

  /** Returns states [B, D] scaled to unit root mean square, with their autograd graph. */
  NDArray unit(NDArray states, NDManager scope) {
    return kernels.call("unit", scope).tensor(states).train().get(0);
  }

  /**
   * Returns DRO's loss, its three sums [3], then the gradient of {@code system}.
   *
   * @param features [B, D] with their graph
   * @param start features under the initial system prompt [B, D]
   */
  NDList shifts(
      NDArray features,
      float[][] start,
      DroDirections directions,
      double[] harmful,
      NDArray system,
      NDManager scope) {
    return kernels
        .call("shifts", scope)
        .tensor(features)
        .tensor(matrix(start, scope))
        .tensor(matrix(new float[][] {directions.refusal(), directions.harm()}, scope))
        .tensor(matrix(directions.basis(), scope))
        .reals(harmful)
        .reals(DroDirections.WEIGHTS)
        .list(new NDList(system))
        .train();
  }

  private static NDArray matrix(float[][] rows, NDManager scope) {
    int width = rows[0].length;
    float[] flat = new float[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * width, width);
    }
    return scope.create(flat, new Shape(rows.length, width));
  }

  @Override
  public void close() {
    kernels.close();
  }
}
