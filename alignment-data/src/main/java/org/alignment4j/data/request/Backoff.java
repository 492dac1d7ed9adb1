package org.alignment4j.data.request;

import dev.failsafe.RetryPolicy;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.jspecify.annotations.Nullable;

/**
 * The retry settings of a request: exponential backoff with jitter, or the delay that the endpoint
 * requests.
 *
 * @param tries maximum number of attempts, 1 or more
 * @param first the delay after the first attempt
 * @param longest the maximum delay; if the endpoint requests more, the request is not retried
 */
record Backoff(int tries, Duration first, Duration longest) {
  RetryPolicy<ChatAnswer> policy(Runnable onRetry) {
    return RetryPolicy.<ChatAnswer>builder()
        .handle(FailedTry.class)
        .withMaxAttempts(tries)
        .abortOn(e -> e instanceof FailedTry f && exceedsLongest(f))
        .withDelayFn(c -> delay(c.getLastException(), c.getAttemptCount()))
        .onRetry(e -> onRetry.run())
        .build();
  }

  boolean exceedsLongest(FailedTry e) {
    return e.retryAfter().filter(r -> r.compareTo(longest) > 0).isPresent();
  }

  private Duration delay(@Nullable Throwable failure, int tried) {
    double doubled = (double) first.toNanos() * Math.pow(2, Math.min(tried - 1, 40));
    double own = Math.min(doubled, (double) longest.toNanos());
    long random = (long) (own * ThreadLocalRandom.current().nextDouble(0.5, 1));
    long requested =
        failure instanceof FailedTry f && !exceedsLongest(f)
            ? f.retryAfter().orElse(Duration.ZERO).toNanos()
            : 0;
    // Jitter: clients that were given the same delay must not retry at the same moment.
    return Duration.ofNanos(requested > 0 ? requested + random / 8 : random);
  }
}
