package org.alignment4j.examples.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.alignment4j.core.EngineException;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.model.ModelConfig;

/**
 * Measures the peak rates of the engine on this machine, as reference for a model's rates. Float32,
 * on the engine's threads. Each figure is the best found, not a mean. Not thread-safe.
 */
final class Machine implements AutoCloseable {
  /** Much larger than any cache. */
  static final long READ_BYTES = 512L << 20;

  /** Minimum duration over which a rate is measured, s. */
  private static final double SPAN = 0.02;

  private static final int[] ROWS = {256, 512, 1024};
  private static final int TRIES = 3;
  private static final int READS = 8;
  private static final int COLUMNS = 4096;

  private final NDManager manager;
  private final List<Kernels> products = new ArrayList<>();
  private final Kernels reads;

  Machine() {
    this.manager = NDManager.newBaseManager(ai.djl.Device.cpu(), "PyTorch");
    this.reads = compile("products.torchscript");
    products.add(reads);
    try {
      products.add(compile("products_onednn.torchscript"));
    } catch (EngineException e) {
      if (!String.valueOf(e.getMessage()).contains("mkldnn")) {
        close();
        throw e;
      }
    }
  }

  private Kernels compile(String resource) {
    return Kernels.named("machine").source(Machine.class, resource).compile(manager.getDevice());
  }

  /**
   * Returns the rate of matrix products alone, GFLOP/s, a multiplication and an addition counted as
   * two: the highest over the engine's default and oneDNN, over 256, 512 and 1024 rows, and over
   * the shapes of a model's MLP and of [rows, D] x [D, 4D].
   */
  double gigaflops(ModelConfig c) {
    double best = 0;
    int d = c.width();
    int[][] shapes = {{d, 2 * c.mlpWidth()}, {c.mlpWidth(), d}, {d, 4 * d}};
    for (int[] shape : shapes) {
      for (int rows : ROWS) {
        Cancellation.check("bench");
        try (NDManager scope = manager.newSubManager()) {
          NDArray x = random(scope, rows, shape[0]);
          NDArray w = random(scope, shape[1], shape[0]);
          double operations = 2.0 * rows * shape[0] * shape[1];
          for (Kernels k : products) {
            best = Math.max(best, operations * timesPerSecond(k, x, w) / 1e9);
          }
        }
      }
    }
    return best;
  }

  private double timesPerSecond(Kernels kernels, NDArray x, NDArray w) {
    long times = 1;
    double seconds = products(kernels, x, w, times);
    while (seconds < SPAN) {
      times *= seconds < SPAN / 8 ? 8 : 2;
      seconds = products(kernels, x, w, times);
    }
    double best = seconds;
    for (int i = 1; i < TRIES; i++) {
      best = Math.min(best, products(kernels, x, w, times));
    }
    return times / best;
  }

  private double products(Kernels kernels, NDArray x, NDArray w, long times) {
    return seconds(
        scope -> kernels.call("products", scope).tensor(x).tensor(w).ints(times).infer().get(0));
  }

  /**
   * Returns the rate at which memory is read, GB/s of 10^9 bytes: a tensor of 512 MiB, by its sum
   * or by its product with a vector, whichever is faster, best of 8.
   *
   * @throws org.alignment4j.core.OutOfMemoryException if there is not enough memory
   */
  double gigabytes() {
    long rows = READ_BYTES / Float.BYTES / COLUMNS;
    try (NDManager scope = manager.newSubManager()) {
      NDArray w = scope.ones(new Shape(rows, COLUMNS), DataType.FLOAT32);
      NDArray x = scope.ones(new Shape(COLUMNS), DataType.FLOAT32);
      double best = Double.POSITIVE_INFINITY;
      for (int i = 0; i < READS; i++) {
        Cancellation.check("bench");
        best = Math.min(best, seconds(s -> reads.call("total", s).tensor(w).infer().get(0)));
        best =
            Math.min(
                best,
                seconds(s -> reads.call("vector_product", s).tensor(w).tensor(x).infer().get(0)));
      }
      return READ_BYTES / best / 1e9;
    }
  }

  private interface Work {
    NDArray run(NDManager scope);
  }

  private double seconds(Work work) {
    try (NDManager scope = manager.newSubManager()) {
      long start = System.nanoTime();
      work.run(scope);
      return (System.nanoTime() - start) / 1e9;
    }
  }

  private static NDArray random(NDManager scope, int rows, int columns) {
    float[] values = new float[rows * columns];
    Random random = new Random(0);
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return scope.create(values, new Shape(rows, columns));
  }

  /** Runs one measurement on a new instance, which is closed again. */
  static double measure(ToDoubleFunction<Machine> rate) {
    try (Machine machine = new Machine()) {
      return rate.applyAsDouble(machine);
    }
  }

  @Override
  public void close() {
    products.forEach(Kernels::close);
    manager.close();
  }
}
