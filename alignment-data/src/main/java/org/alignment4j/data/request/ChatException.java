package org.alignment4j.data.request;

import org.alignment4j.core.AlignmentException;
import org.jspecify.annotations.Nullable;

/** A chat model gave no answer. The message names model and cause, and holds no text of prompts. */
public final class ChatException extends AlignmentException {
  private static final long serialVersionUID = 1L;

  private final Kind kind;

  /** What may help. */
  public enum Kind {
    /** Time: the endpoint is busy, fails or is silent, after all tries that were allowed. */
    TRANSIENT,
    /** Another request: this one is not accepted, for instance because it is too long. */
    REQUEST,
    /** Another configuration: wrong key, wrong model, wrong address; all requests fail so. */
    CONFIGURATION
  }

  /** Creates an exception with a message for people and the failure beneath it. */
  public ChatException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** What may help. */
  public Kind kind() {
    return kind;
  }
}
