package org.alignment4j.internal.tensor;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import java.io.IOException;
import org.alignment4j.core.CancelledException;
import org.alignment4j.internal.host.ProcessorUse;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches, while the engine computes, whether its threads have processors of their own, ten times a
 * second on a thread that ends when the engine pauses. Thread-safe.
 */
final class ThreadWatch {
  private static final Logger LOG = LoggerFactory.getLogger(ThreadWatch.class);
  private static final long INTERVAL = MILLISECONDS.toNanos(100);

  /** An observation is to take a hundredth of the time. */
  private static final int COST = 100;

  private static final long LONGEST = MILLISECONDS.toNanos(400);

  /** Less computing does not show anything. */
  private static final long ENOUGH = MILLISECONDS.toNanos(50);

  private static final long PAUSE = SECONDS.toNanos(3);

  private final int most;
  private final ProcessorUse use;
  private volatile int threads;

  // Guarded by this.
  private int running;
  private long entered;
  private double runningOn;
  private long busy;
  private double threadTime;
  private long lastCall;
  private boolean watching;

  private ThreadWatch(int most, ProcessorUse use) {
    this.most = most;
    this.threads = most;
    this.use = use;
  }

  /**
   * @param most number of threads on idle processors
   * @return null if this system does not report what is needed
   */
  static @Nullable ThreadWatch of(int most) {
    try {
      return new ThreadWatch(most, ProcessorUse.ofProcess());
    } catch (IOException | RuntimeException e) {
      LOG.debug("the number of the engine's threads is constant on this system: {}", e.toString());
      return null;
    }
  }

  /** The number of threads for calls whose operations are short. */
  int threads() {
    return threads;
  }

  /** Begins a call on {@code on} threads. */
  synchronized void enter(int on) {
    long now = System.nanoTime();
    account(now);
    if (running++ == 0) {
      runningOn = on;
    }
    lastCall = now;
    if (!watching) {
      watching = true;
      Thread thread = new Thread(this::run, "alignment4j-threads");
      thread.setDaemon(true);
      thread.start();
    }
  }

  /** Ends a call. */
  synchronized void leave() {
    account(System.nanoTime());
    running--;
    lastCall = entered;
  }

  private void account(long now) {
    if (running > 0) {
      busy += now - entered;
      threadTime += (now - entered) * runningOn;
    }
    entered = now;
  }

  private record Computed(long busy, double threads, boolean pausing) {}

  private synchronized Computed computed() {
    long now = System.nanoTime();
    account(now);
    boolean pausing = running == 0 && now - lastCall > PAUSE;
    if (pausing) {
      watching = false;
    }
    return new Computed(busy, busy == 0 ? 0 : threadTime / busy, pausing);
  }

  private synchronized void forget() {
    busy = 0;
    threadTime = 0;
  }

  private void run() {
    ProcessorShare share = new ProcessorShare(most, Runtime.getRuntime().availableProcessors());
    try (SleepingThreads sleeping = new SleepingThreads(most)) {
      forget();
      ReadyThreads ready = new ReadyThreads(use);
      long idle = use.idle();
      long start = System.nanoTime();
      long interval = INTERVAL;
      while (true) {
        NANOSECONDS.sleep(interval);
        Computed computed = computed();
        if (computed.pausing) {
          break;
        }
        if (computed.busy < ENOUGH) {
          continue;
        }
        long now = System.nanoTime();
        long idleNow = use.idle();
        ProcessorShare.Window window =
            new ProcessorShare.Window(
                now - start,
                computed.busy,
                computed.threads,
                idleNow - idle,
                ready.since(computed.busy));
        forget();
        int next = share.next(window);
        if (next != threads) {
          LOG.debug("{} threads in place of {}: {}", next, threads, window);
          threads = next;
        }
        sleeping.set(share.crowded());
        interval = Math.min(LONGEST, Math.max(INTERVAL, COST * (System.nanoTime() - now)));
        idle = idleNow;
        start = now;
      }
    } catch (IOException | RuntimeException | InterruptedException e) {
      // The JVM is exiting, or the system stopped reporting.
      if (!(e instanceof CancelledException)) {
        LOG.debug("the number of the engine's threads is not adapted any longer", e);
      }
    } finally {
      threads = most;
    }
  }
}
