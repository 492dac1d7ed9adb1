package org.alignment4j.data.request;

import org.alignment4j.core.AlignmentException;
import org.jspecify.annotations.Nullable;

/**
 * Thrown if a chat model returns no answer. The message names model and cause, and contains no text
 * of prompts.
 */
public final class ChatException extends AlignmentException {
  private static final long serialVersionUID = 1L;

  private final Kind kind;

  /** The cause of the failure, which decides what the caller can do. */
  public enum Kind {
    /** The endpoint is overloaded, failing or unreachable after all attempts; try again later. */
    TRANSIENT,
    /** The request is rejected, for instance because it is too long; other requests may succeed. */
    REQUEST,
    /** The key, the model or the address is wrong; every request fails. */
    CONFIGURATION
  }

  /** Creates an exception with a human-readable message and the underlying failure, if any. */
  public ChatException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** Returns the cause of the failure. */
  public Kind kind() {
    return kind;
  }
}
