package org.alignment4j.internal.host;

import org.alignment4j.core.CancelledException;

/** Cancellation by interrupt: long work calls {@link #check} between its steps. */
public final class Cancellation {
  private Cancellation() {}

  /**
   * Throws if the calling thread was interrupted. The interrupt flag stays set, so that callers see
   * it too.
   *
   * @param task the task, named in the message
   * @throws CancelledException if the thread is interrupted
   */
  public static void check(String task) {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException(task + " was cancelled");
    }
  }
}
