package org.alignment4j;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.common.collect.MapMaker;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.alignment4j.PromptGuard.OnFailure;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.CancelledException;
import org.alignment4j.internal.host.Cancellation;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A guard with a time limit; see {@link PromptGuard#within}. */
final class TimedGuard implements PromptGuard {
  /** Calls of one guard that may be left running. */
  static final int MOST_LEFT = 8;

  /** Calls of all guards together. */
  static final int MOST_LEFT_IN_ALL = 64;

  private static final Logger LOG = LoggerFactory.getLogger(TimedGuard.class);
  private static final AtomicLong NUMBER = new AtomicLong();

  /** Threads end a minute after their last use and do not keep the program alive. */
  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "alignment4j-guard-" + NUMBER.incrementAndGet());
            thread.setDaemon(true);
            return thread;
          });

  private static final AtomicInteger LEFT_IN_ALL = new AtomicInteger();

  /** By the guard itself, since a caller may set a limit anew for each conversation. */
  private static final ConcurrentMap<PromptGuard, AtomicInteger> LEFT =
      new MapMaker().weakKeys().makeMap();

  private final PromptGuard guard;
  private final Duration deadline;
  private final OnFailure onFailure;
  private final AtomicInteger left;

  TimedGuard(PromptGuard guard, Duration deadline, OnFailure onFailure) {
    require(
        !deadline.isNegative() && !deadline.isZero(),
        "the deadline must be positive: %s",
        deadline);
    this.guard = guard;
    this.deadline = deadline;
    this.onFailure = onFailure;
    this.left = LEFT.computeIfAbsent(guard, g -> new AtomicInteger());
  }

  /** One call of the guard; counted from when nobody waits for it any more until it ends. */
  private final class Call implements Callable<Verdict> {
    private final Prompt conversation;
    private boolean begun;
    private boolean ended;
    private boolean leftRunning;

    Call(Prompt conversation) {
      this.conversation = conversation;
    }

    @Override
    public Verdict call() {
      synchronized (this) {
        if (leftRunning) {
          throw new CancellationException();
        }
        begun = true;
      }
      try {
        return guard.decide(conversation);
      } finally {
        end();
      }
    }

    synchronized void leave() {
      leftRunning = true;
      if (begun && !ended) {
        LEFT_IN_ALL.incrementAndGet();
        if (left.incrementAndGet() == MOST_LEFT) {
          LOG.warn("{} calls of a guard hang; further ones fail at once", MOST_LEFT);
        }
      }
    }

    private synchronized void end() {
      ended = true;
      if (leftRunning) {
        LEFT_IN_ALL.decrementAndGet();
        left.decrementAndGet();
      }
    }
  }

  @Override
  public Verdict check(Prompt conversation) {
    // A guard that is done before it is waited for would hide the interruption.
    Cancellation.check("guarding");
    long start = System.nanoTime();
    if (left.get() >= MOST_LEFT || LEFT_IN_ALL.get() >= MOST_LEFT_IN_ALL) {
      return failed("earlier calls hang", start);
    }
    Call call = new Call(conversation);
    Future<Verdict> running;
    try {
      running = THREADS.submit(call);
    } catch (OutOfMemoryError e) {
      // What the JVM throws where no further thread can be had.
      return failed("the guard failed: no thread", start);
    }
    try {
      return running.get(TimeUnit.NANOSECONDS.convert(deadline), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      leave(running, call);
      long millis = TimeUnit.MILLISECONDS.convert(deadline);
      return failed("the guard did not decide within " + millis + " ms", start);
    } catch (InterruptedException e) {
      leave(running, call);
      Thread.currentThread().interrupt();
      throw new CancelledException("guarding was cancelled", e);
    } catch (ExecutionException e) {
      // Only its kind: a message may hold what was said.
      LOG.debug("a guard failed", e.getCause());
      return failed("the guard failed: " + kind(e.getCause()), start);
    }
  }

  private static void leave(Future<Verdict> running, Call call) {
    running.cancel(true);
    call.leave();
  }

  private static String kind(@Nullable Throwable failure) {
    return failure == null ? "unknown" : failure.getClass().getSimpleName();
  }

  private Verdict failed(String reason, long start) {
    Duration elapsed = ProbeGuard.since(start);
    return onFailure == OnFailure.ALLOW
        ? new Verdict.Allow(Double.NaN, reason, elapsed)
        : new Verdict.Block(Double.NaN, reason, elapsed);
  }
}
