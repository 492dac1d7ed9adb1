package org.alignment4j.core;

import org.jspecify.annotations.Nullable;

/** The native engine could not be loaded or failed in a call. */
public final class EngineException extends AlignmentException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a message for people. */
  public EngineException(String message) {
    super(message);
  }

  /** Creates an exception with a message for people and the failure beneath it. */
  public EngineException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
