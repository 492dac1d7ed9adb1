package org.alignment4j.core;

import org.jspecify.annotations.Nullable;

/** A data file or row cannot be used; the message names the file and row. */
public final class BadDataException extends AlignmentException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a human-readable message. */
  public BadDataException(String message) {
    super(message);
  }

  /** Creates an exception with a human-readable message and its cause. */
  public BadDataException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
