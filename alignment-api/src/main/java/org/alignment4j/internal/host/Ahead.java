package org.alignment4j.internal.host;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/**
 * A value that a daemon thread computes while its owner does something else. The owner must wait
 * for it, even if it no longer needs it, so that the thread uses nothing that the owner then frees.
 * Thread-safe.
 */
public final class Ahead<T> {
  private final FutureTask<T> task;

  private Ahead(FutureTask<T> task) {
    this.task = task;
  }

  /**
   * Starts the work.
   *
   * @param thread name of the thread
   */
  public static <T> Ahead<T> start(String thread, Supplier<T> work) {
    FutureTask<T> task = new FutureTask<>(work::get);
    Thread worker = new Thread(task, "alignment4j-" + thread);
    worker.setDaemon(true);
    try {
      worker.start();
    } catch (OutOfMemoryError e) {
      task.run(); // The system allows no more threads: then it is done before the rest.
    }
    return new Ahead<>(task);
  }

  /**
   * Waits for the value. An interrupt does not end the wait and is kept: what the threads do here
   * takes a moment and cannot be stopped.
   *
   * @throws RuntimeException what the work threw, as does an Error
   */
  public T get() {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      Throwable thrown = e.getCause();
      if (thrown instanceof RuntimeException runtime) {
        throw runtime;
      } else if (thrown instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e); // A supplier throws nothing else.
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
