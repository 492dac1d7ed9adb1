package org.alignment4j.internal.tensor;

import ai.djl.pytorch.jni.JniUtils;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The number of threads that the engine computes on, on a CPU. As many as the engine chooses by
 * itself, one per core, or as the process may use if its control group allows less; a number that
 * the user gives is not changed. When other programs or threads use the processors, calls whose
 * operations are short run on fewer, and waiting threads do not spin; see {@link ThreadWatch}.
 *
 * <p>{@code OMP_DYNAMIC=false} in the environment keeps the number constant. Thread-safe.
 */
final class EngineThreads {
  /** The engine's number, per thread; 0 for a thread that has not yet computed. */
  private static final ThreadLocal<Integer> OWN = ThreadLocal.withInitial(() -> 0);

  private static @Nullable ThreadWatch watch;
  private static int first;
  private static int most;

  /** Whether any thread's number was changed; until then all have the engine's. */
  private static volatile boolean changed;

  private EngineThreads() {}

  /**
   * Runs a native call on as many threads as are good for it.
   *
   * @param shortOperations whether the call consists of operations so short that under load a
   *     single thread is faster than several that wait for each other
   */
  static <T> T compute(boolean shortOperations, Supplier<T> body) {
    ThreadWatch current = watch();
    int threads = current == null || !shortOperations ? most : current.threads();
    set(threads);
    if (current == null) {
      return body.get();
    }
    current.enter(threads);
    try {
      return body.get();
    } finally {
      current.leave();
    }
  }

  private static synchronized @Nullable ThreadWatch watch() {
    if (most == 0) {
      first = JniUtils.getNumThreads();
      most = chosen() ? first : Math.min(first, Runtime.getRuntime().availableProcessors());
      String dynamic = System.getenv().getOrDefault("OMP_DYNAMIC", "true");
      boolean constant = dynamic.trim().toLowerCase(Locale.ROOT).equals("false");
      watch = most == 1 || constant ? null : ThreadWatch.of(most);
    }
    return watch;
  }

  private static boolean chosen() {
    return System.getenv("OMP_NUM_THREADS") != null
        || System.getenv("MKL_NUM_THREADS") != null
        || System.getProperty("ai.djl.pytorch.num_threads") != null;
  }

  /** Sets the number of threads of what the calling thread computes. */
  private static void set(int threads) {
    int own = OWN.get();
    if (own == 0 && !changed) {
      own = first;
    }
    if (own != threads) {
      changed = true;
      JniUtils.setNumThreads(threads);
    }
    OWN.set(threads);
  }
}
