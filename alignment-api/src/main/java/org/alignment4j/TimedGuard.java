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
  /** Maximum number of abandoned calls of one guard that still run. */
  static final int MAX_ABANDONED = 8;

  /** Maximum number of abandoned calls of all guards together. */
  static final int MAX_ABANDONED_IN_ALL = 64;

  private static final Logger LOG = LoggerFactory.getLogger(TimedGuard.class);
  private static final AtomicLong NUMBER = new AtomicLong();

  /** Daemon threads that end a minute after their last use. */
  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "alignment4j-guard-" + NUMBER.incrementAndGet());
            thread.setDaemon(true);
            return thread;
          });

  private static final AtomicInteger ABANDONED_IN_ALL = new AtomicInteger();

  /** Keyed by the guard itself, since a caller may wrap it again for each conversation. */
  private static final ConcurrentMap<PromptGuard, AtomicInteger> ABANDONED =
      new MapMaker().weakKeys().makeMap();

  private final PromptGuard guard;
  private final Duration deadline;
  private final OnFailure onFailure;
  private final AtomicInteger abandoned;

  TimedGuard(PromptGuard guard, Duration deadline, OnFailure onFailure) {
    require(
        !deadline.isNegative() && !deadline.isZero(),
        "the deadline must be positive: %s",
        deadline);
    this.guard = guard;
    this.deadline = deadline;
    this.onFailure = onFailure;
    this.abandoned = ABANDONED.computeIfAbsent(guard, g -> new AtomicInteger());
  }

  /** One call of the guard; counted as abandoned from its timeout until it ends. */
  private final class Call implements Callable<Verdict> {
    private final Prompt conversation;
    private boolean started;
    private boolean ended;
    private boolean isAbandoned;

    Call(Prompt conversation) {
      this.conversation = conversation;
    }

    @Override
    public Verdict call() {
      synchronized (this) {
        if (isAbandoned) {
          throw new CancellationException();
        }
        started = true;
      }
      try {
        return guard.requireVerdict(conversation);
      } finally {
        end();
      }
    }

    synchronized void abandon() {
      isAbandoned = true;
      if (started && !ended) {
        ABANDONED_IN_ALL.incrementAndGet();
        if (abandoned.incrementAndGet() == MAX_ABANDONED) {
          LOG.warn("{} calls of a guard hang; further ones fail at once", MAX_ABANDONED);
        }
      }
    }

    private synchronized void end() {
      ended = true;
      if (isAbandoned) {
        ABANDONED_IN_ALL.decrementAndGet();
        abandoned.decrementAndGet();
      }
    }
  }

  @Override
  public Verdict check(Prompt conversation) {
    // A guard that ends before get() is called would hide the interrupt.
    Cancellation.check("guarding");
    long start = System.nanoTime();
    if (abandoned.get() >= MAX_ABANDONED || ABANDONED_IN_ALL.get() >= MAX_ABANDONED_IN_ALL) {
      return failed("earlier calls hang", start);
    }
    Call call = new Call(conversation);
    Future<Verdict> running;
    try {
      running = THREADS.submit(call);
    } catch (OutOfMemoryError e) {
      // Thrown by the JVM if it cannot start another thread.
      return failed("the guard failed: no thread", start);
    }
    try {
      return running.get(TimeUnit.NANOSECONDS.convert(deadline), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      abandon(running, call);
      long millis = TimeUnit.MILLISECONDS.convert(deadline);
      return failed("the guard did not decide within " + millis + " ms", start);
    } catch (InterruptedException e) {
      abandon(running, call);
      Thread.currentThread().interrupt();
      throw new CancelledException("guarding was cancelled", e);
    } catch (ExecutionException e) {
      // Only the exception's class: its message may contain text of the conversation.
      LOG.debug("a guard failed", e.getCause());
      return failed("the guard failed: " + className(e.getCause()), start);
    }
  }

  private static void abandon(Future<Verdict> running, Call call) {
    running.cancel(true);
    call.abandon();
  }

  private static String className(@Nullable Throwable failure) {
    return failure == null ? "unknown" : failure.getClass().getSimpleName();
  }

  private Verdict failed(String reason, long start) {
    Duration elapsed = ProbeGuard.since(start);
    return onFailure == OnFailure.ALLOW
        ? new Verdict.Allow(Double.NaN, reason, elapsed)
        : new Verdict.Block(Double.NaN, reason, elapsed);
  }
}
