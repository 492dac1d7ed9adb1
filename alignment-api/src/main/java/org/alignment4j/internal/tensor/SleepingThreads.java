package org.alignment4j.internal.tensor;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * Makes OpenMP's waiting threads sleep at once instead of spinning, in all of the process. GNU's
 * library, which the engine uses on Linux, has no call for it, but spins only briefly while it has
 * more threads than there are processors. So a thread of ours lets it start some, which then sleep
 * until that thread ends. The engine's results do not depend on it. Not thread-safe.
 */
final class SleepingThreads implements AutoCloseable {
  /** Numbers that the engine gives to one thread at least. */
  private static final int GRAIN = 32_768;

  private final int usual;
  private @Nullable CountDownLatch end;

  /**
   * @param usual number of threads that the engine computes on
   */
  SleepingThreads(int usual) {
    this.usual = usual;
  }

  /** Makes waiting threads sleep, or spin. */
  void set(boolean sleep) {
    if (sleep && end == null) {
      CountDownLatch latch = new CountDownLatch(1);
      Thread thread = new Thread(() -> hold(latch), "alignment4j-sleeping");
      thread.setDaemon(true);
      thread.start();
      end = latch;
    } else if (!sleep && end != null) {
      end.countDown();
      end = null;
    }
  }

  private void hold(CountDownLatch latch) {
    int threads = Runtime.getRuntime().availableProcessors() + 1;
    ExitGate.pass(
        "threads",
        () -> {
          JniUtils.setNumThreads(threads);
          try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
            return manager.ones(new Shape((long) threads * GRAIN)).size();
          } finally {
            JniUtils.setNumThreads(usual);
          }
        });
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    set(false);
  }
}
