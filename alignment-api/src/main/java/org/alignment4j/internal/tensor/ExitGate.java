package org.alignment4j.internal.tensor;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.alignment4j.core.CancelledException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Prevents native calls during the exit of the process. On shutdown the JVM waits 0.3 seconds for
 * native code, then {@code exit} destroys the engine's globals while a kernel still runs, which
 * ends in SIGSEGV. So a shutdown hook waits for running calls and rejects new ones.
 */
final class ExitGate {
  private static final Logger LOG = LoggerFactory.getLogger(ExitGate.class);
  private static final int WAIT_SECONDS = 30;

  /** Calls hold the read lock, the hook takes the write lock. */
  private static final ReentrantReadWriteLock CALLS = new ReentrantReadWriteLock();

  private static volatile boolean exiting;

  static {
    try {
      Runtime.getRuntime().addShutdownHook(new Thread(ExitGate::shut, "alignment4j-exit"));
    } catch (IllegalStateException e) {
      exiting = true;
    }
  }

  private ExitGate() {}

  /**
   * Runs a native call.
   *
   * @throws CancelledException if the JVM is shutting down
   */
  static <T> T pass(String call, Supplier<T> body) {
    CALLS.readLock().lock();
    try {
      if (exiting) {
        throw new CancelledException(call + " was cancelled: the JVM is shutting down");
      }
      return body.get();
    } finally {
      CALLS.readLock().unlock();
    }
  }

  private static void shut() {
    exiting = true;
    try {
      if (CALLS.writeLock().tryLock(WAIT_SECONDS, TimeUnit.SECONDS)) {
        CALLS.writeLock().unlock();
      } else {
        LOG.warn("a native call still runs after {} s; the process may crash", WAIT_SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
