package org.alignment4j.examples.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets Ctrl-C end a command between two steps instead of in the middle of one: the signal
 * interrupts the working thread, and the process waits a moment for it to complete its files.
 */
final class Interruption implements AutoCloseable {
  private static final int WAIT_SECONDS = 10;

  private final CountDownLatch finished = new CountDownLatch(1);
  private int exitStatus = Align.FAILED;

  private Interruption() {}

  static Interruption ofCallingThread() {
    Interruption interruption = new Interruption();
    Thread worker = Thread.currentThread();
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> interruption.interrupt(worker), "interruption"));
    return interruption;
  }

  private void interrupt(Thread worker) {
    if (finished.getCount() > 0) {
      worker.interrupt();
      try {
        boolean inTime = finished.await(WAIT_SECONDS, TimeUnit.SECONDS);
        if (!inTime) {
          System.err.println("align: stopped in the middle of a step");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  void exitStatus(int status) {
    exitStatus = status;
  }

  /** Ends the process; where a signal is already ending it, the signal's exit status stays. */
  @Override
  public void close() {
    finished.countDown();
    System.exit(exitStatus);
  }
}
