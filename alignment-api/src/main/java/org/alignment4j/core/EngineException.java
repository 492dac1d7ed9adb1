package org.alignment4j.core;

import org.jspecify.annotations.Nullable;

/** The native engine could not be loaded, or a call of it failed. */
public final class EngineException extends AlignmentException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a human-readable message. */
  public EngineException(String message) {
    super(message);
  }

  /** Creates an exception with a human-readable message and its cause. */
  public EngineException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
