package org.alignment4j.internal.tensor;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import org.alignment4j.internal.host.Ahead;
import org.alignment4j.internal.host.DjlDefaults;
import org.alignment4j.internal.host.NativeFailure;
import org.jspecify.annotations.Nullable;

/**
 * The tensor engine, whose libraries take a third of a second to load. A program that knows that it
 * needs the engine loads it on a thread of its own meanwhile. Thread-safe.
 */
public final class NativeEngine {
  private static @Nullable Ahead<Boolean> loading;

  private NativeEngine() {}

  /**
   * Starts to load the engine for the CPU, and to compile the kernels with which weights are read,
   * unless that has been started. Nothing is thrown here: what goes wrong, {@link #manager} throws.
   */
  public static synchronized void start() {
    if (loading == null) {
      loading = Ahead.start("engine", () -> ExitGate.pass("loading the engine", NativeEngine::load));
    }
  }

  private static boolean load() {
    DjlDefaults.apply();
    newManager(Device.cpu()).close();
    TensorKernels.on(Device.cpu());
    return true;
  }

  /**
   * A manager of native memory that belongs to no other.
   *
   * @throws org.alignment4j.core.EngineException if the engine cannot be loaded
   */
  public static NDManager manager(Device device) {
    Ahead<Boolean> started = started();
    if (started != null) {
      started.get();
    }
    return newManager(device);
  }

  private static synchronized @Nullable Ahead<Boolean> started() {
    return loading;
  }

  private static NDManager newManager(Device device) {
    DjlDefaults.apply();
    try {
      return NDManager.newBaseManager(device, "PyTorch");
    } catch (RuntimeException | LinkageError | AssertionError e) {
      throw NativeFailure.engine(e);
    }
  }
}
