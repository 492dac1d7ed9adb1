package org.alignment4j.data.request;

import dev.failsafe.RateLimiter;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Spaces requests or tokens evenly. Thread-safe. */
final class Pace {
  private final @Nullable RateLimiter<Object> rate;

  /**
   * @param perMinute 1 or more; {@link Integer#MAX_VALUE} for unlimited
   */
  Pace(int perMinute) {
    rate =
        perMinute == Integer.MAX_VALUE
            ? null
            : RateLimiter.smoothBuilder(perMinute, Duration.ofMinutes(1)).build();
  }

  /** Waits until the permits taken before are due; those taken here delay later callers. */
  void take(int permits) throws InterruptedException {
    if (rate == null) {
      return;
    }
    long own = rate.getConfig().getMaxRate() == null ? 0 : rate.getConfig().getMaxRate().toNanos();
    long wait = rate.reservePermits(permits).toNanos() - (permits - 1) * own;
    if (wait > 0) {
      Thread.sleep(wait / 1_000_000, (int) (wait % 1_000_000));
    }
  }
}
