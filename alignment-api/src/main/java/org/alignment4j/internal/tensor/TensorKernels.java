package org.alignment4j.internal.tensor;

import ai.djl.Device;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** The kernels of this package, compiled once per device and kept until the process ends. */
final class TensorKernels {
  private static final ConcurrentMap<Device, Kernels> BY_DEVICE = new ConcurrentHashMap<>();

  private TensorKernels() {}

  static Kernels on(Device device) {
    return BY_DEVICE.computeIfAbsent(
        device,
        d -> Kernels.named("tensor").source(TensorKernels.class, "storage.torchscript").compile(d));
  }
}
