package org.alignment4j.internal.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.alignment4j.core.CheckpointException;
import org.junit.jupiter.api.Test;

/** Work on a thread of its own. */
class AheadTests {
  @Test
  void theWorkRunsMeanwhileOnADaemonThread() {
    CountDownLatch go = new CountDownLatch(1);
    Ahead<Thread> ahead =
        Ahead.start(
            "test",
            () -> {
              await(go);
              return Thread.currentThread();
            });
    go.countDown(); // would never be reached if start() did the work
    assertEquals("alignment4j-test", ahead.get().getName());
    assertTrue(ahead.get().isDaemon());
  }

  @Test
  void whatTheWorkThrowsIsThrownAsItIs() {
    CheckpointException exception = new CheckpointException("broken");
    Ahead<String> throwing =
        Ahead.start(
            "test",
            () -> {
              throw exception;
            });
    assertSame(exception, assertThrows(CheckpointException.class, throwing::get));
    Error error = new OutOfMemoryError("test");
    Ahead<String> failing =
        Ahead.start(
            "test",
            () -> {
              throw error;
            });
    assertSame(error, assertThrows(OutOfMemoryError.class, failing::get));
  }

  @Test
  void anInterruptIsKeptAndTheValueArrives() {
    CountDownLatch go = new CountDownLatch(1);
    Ahead<String> ahead =
        Ahead.start(
            "test",
            () -> {
              await(go);
              return "value";
            });
    Thread waiting = Thread.currentThread();
    Ahead<Boolean> interrupting =
        Ahead.start(
            "interrupting",
            () -> {
              waiting.interrupt();
              go.countDown();
              return true;
            });
    assertEquals("value", ahead.get());
    assertTrue(interrupting.get());
    assertTrue(Thread.interrupted());
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(20, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
