package org.alignment4j.internal.host;

import org.alignment4j.core.CancelledException;

/** Cancelling by interruption: long work calls {@link #check} between its steps. */
public final class Cancellation {
  private Cancellation() {}

  /**
   * Returns unless the calling thread was interrupted. The interrupt flag stays set, so that
   * callers further up see it too.
   *
   * @param task named in the message
   * @throws CancelledException if the thread is interrupted
   */
  public static void check(String task) {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException(task + " was cancelled");
    }
  }
}
