package org.alignment4j.train;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.alignment4j.internal.tensor.Kernels;

/** In-place arithmetic on lists of tensors, compiled once per device and cached. Thread-safe. */
final class TrainKernels {
  private static final ConcurrentMap<Device, Kernels> BY_DEVICE = new ConcurrentHashMap<>();

  private TrainKernels() {}

  /** Adds {@code gradients} to {@code sums}, or overwrites them if {@code first}. */
  static void accumulate(NDList sums, NDList gradients, boolean first, NDManager scope) {
    on(scope).call("accumulate", scope).list(sums).list(gradients).ints(first ? 1 : 0).infer();
  }

  /** Divides the sums by a weight; returns their joint L2 norm. */
  static double average(NDList sums, double weight, NDManager scope) {
    return on(scope).call("average", scope).list(sums).reals(weight).infer().get(0).getFloat();
  }

  /** Copies values into the target tensors. */
  static void assign(List<NDArray> targets, List<NDArray> values, NDManager scope) {
    on(scope).call("assign", scope).list(targets).list(values).infer();
  }

  static Kernels on(NDManager scope) {
    return BY_DEVICE.computeIfAbsent(
        scope.getDevice(),
        d ->
            Kernels.named("train")
                .source(TrainKernels.class, "train.torchscript")
                .source(TrainKernels.class, "adamw.torchscript")
                .compile(d));
  }
}
