package org.alignment4j.data.request;

import dev.failsafe.RetryPolicy;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.jspecify.annotations.Nullable;

/**
 * How often a request is tried, and the waits between: each twice as long as the one before, with
 * jitter, or as the endpoint asks.
 *
 * @param tries most tries, 1 or more
 * @param first the wait behind the first try
 * @param longest the longest wait; an endpoint that asks for more is not tried again
 */
record Backoff(int tries, Duration first, Duration longest) {
  RetryPolicy<ChatAnswer> policy(Runnable onRetry) {
    return RetryPolicy.<ChatAnswer>builder()
        .handle(FailedTry.class)
        .withMaxAttempts(tries)
        .abortOn(e -> e instanceof FailedTry f && asksTooLong(f))
        .withDelayFn(c -> delay(c.getLastException(), c.getAttemptCount()))
        .onRetry(e -> onRetry.run())
        .build();
  }

  boolean asksTooLong(FailedTry e) {
    return e.retryAfter().filter(r -> r.compareTo(longest) > 0).isPresent();
  }

  private Duration delay(@Nullable Throwable failure, int tried) {
    double doubled = (double) first.toNanos() * Math.pow(2, Math.min(tried - 1, 40));
    double own = Math.min(doubled, (double) longest.toNanos());
    long random = (long) (own * ThreadLocalRandom.current().nextDouble(0.5, 1));
    long asked =
        failure instanceof FailedTry f && !asksTooLong(f)
            ? f.retryAfter().orElse(Duration.ZERO).toNanos()
            : 0;
    // Jitter: clients that were given the same wait must not return at the same moment.
    return Duration.ofNanos(asked > 0 ? asked + random / 8 : random);
  }
}
