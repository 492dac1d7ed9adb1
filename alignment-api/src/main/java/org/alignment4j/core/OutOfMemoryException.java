package org.alignment4j.core;

import org.jspecify.annotations.Nullable;

/** A request does not fit in the host's or the device's memory. */
public final class OutOfMemoryException extends AlignmentException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a message for people. */
  public OutOfMemoryException(String message) {
    super(message);
  }

  /** Creates an exception with a message for people and the failure beneath it. */
  public OutOfMemoryException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
