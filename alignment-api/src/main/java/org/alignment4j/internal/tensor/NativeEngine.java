package org.alignment4j.internal.tensor;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import org.alignment4j.internal.host.Ahead;
import org.alignment4j.internal.host.DjlDefaults;
import org.alignment4j.internal.host.FirstRead;
import org.alignment4j.internal.host.NativeFailure;
import org.jspecify.annotations.Nullable;

/**
 * The tensor engine, whose libraries take a third of a second to load. A program that knows that it
 * needs the engine loads it on a thread of its own meanwhile. Thread-safe.
 */
public final class NativeEngine {
  private static @Nullable Ahead<Boolean> loading;
  private static boolean switchedOff;

  private NativeEngine() {}

  /**
   * Starts to load the engine, unless that has been started. Nothing is thrown here: what goes
   * wrong, {@link #manager} throws.
   */
  public static synchronized void start() {
    if (loading == null) {
      loading =
          Ahead.start("engine", () -> ExitGate.pass("loading the engine", NativeEngine::load));
    }
  }

  private static boolean load() {
    DjlDefaults.apply();
    FirstRead.make();
    newManager(Device.cpu()).close();
    return true;
  }

  /**
   * A manager of native memory that belongs to no other.
   *
   * @throws org.alignment4j.core.EngineException if the engine cannot be loaded
   */
  public static NDManager manager(Device device) {
    Ahead<Boolean> started = loading();
    if (started != null) {
      try {
        started.get();
        switchGradientsOff();
      } catch (RuntimeException | Error e) {
        forget(started);
        throw e;
      }
    }
    return newManager(device);
  }

  /**
   * DJL does so when it loads, for the thread that loads it, which without {@link #start} would be
   * the first that needs the engine.
   */
  private static synchronized void switchGradientsOff() {
    if (!switchedOff) {
      switchedOff = true;
      JniUtils.setGradMode(false);
    }
  }

  private static synchronized @Nullable Ahead<Boolean> loading() {
    return loading;
  }

  /** The next call tries again, since a folder's permissions, say, may have been corrected. */
  private static synchronized void forget(Ahead<Boolean> failed) {
    if (loading == failed) {
      loading = null;
    }
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
