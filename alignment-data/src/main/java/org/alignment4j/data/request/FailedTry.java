package org.alignment4j.data.request;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One try of a request failed, and another may succeed. */
final class FailedTry extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final @Nullable Duration retryAfter;

  /**
   * @param message what happened, without text of prompts
   * @param retryAfter how long the endpoint asks to wait, or null
   */
  FailedTry(String message, @Nullable Duration retryAfter, @Nullable Throwable cause) {
    super(message, cause);
    this.retryAfter = retryAfter;
  }

  Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
