package org.alignment4j.core;

import org.jspecify.annotations.Nullable;

/** A model's architecture, or an option of it, is one this library does not implement. */
public final class UnsupportedArchitectureException extends AlignmentException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a human-readable message. */
  public UnsupportedArchitectureException(String message) {
    super(message);
  }

  /** Creates an exception with a human-readable message and its cause. */
  public UnsupportedArchitectureException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
