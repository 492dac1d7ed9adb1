package org.alignment4j;

import static org.alignment4j.core.Arguments.require;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Cancellation;
import org.alignment4j.core.CancelledException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A guard with a time limit; see {@link PromptGuard#within}. */
record TimedGuard(PromptGuard guard, Duration deadline, OnFailure onFailure)
    implements PromptGuard {
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

  TimedGuard {
    require(
        !deadline.isNegative() && !deadline.isZero(),
        "the deadline must be positive: %s",
        deadline);
  }

  @Override
  public Verdict check(Prompt conversation) {
    // A guard that is done before it is waited for would hide the interruption.
    Cancellation.check("guarding");
    long start = System.nanoTime();
    Future<Verdict> running = THREADS.submit(() -> guard.check(conversation));
    try {
      return running.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      running.cancel(true);
      return failed("the guard did not decide within " + deadline.toMillis() + " ms", start);
    } catch (InterruptedException e) {
      running.cancel(true);
      Thread.currentThread().interrupt();
      throw new CancelledException("guarding was cancelled", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      // Only its kind: a message may hold what was said.
      LOG.debug("a guard failed", e.getCause());
      return failed("the guard failed: " + kind(e.getCause()), start);
    }
  }

  private static String kind(@Nullable Throwable failure) {
    return failure == null ? "unknown" : failure.getClass().getSimpleName();
  }

  private Verdict failed(String reason, long start) {
    Duration took = ProbeGuard.since(start);
    return onFailure == OnFailure.ALLOW
        ? new Verdict.Allow(Double.NaN, reason, took)
        : new Verdict.Block(Double.NaN, reason, took);
  }
}
