package org.alignment4j.core;

import org.alignment4j.internal.text.MemoryKind;
import org.jspecify.annotations.Nullable;

/** A request does not fit in the host's or the device's memory. */
public final class OutOfMemoryException extends AlignmentException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a human-readable message. */
  public OutOfMemoryException(String message) {
    super(message);
  }

  /** Creates an exception with a human-readable message and its cause. */
  public OutOfMemoryException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /**
   * Creates an exception that names the exhausted memory and the setting that increases it.
   *
   * @param what the thing that did not fit, such as a file
   */
  public static OutOfMemoryException of(String what, OutOfMemoryError error) {
    return new OutOfMemoryException(what + ": " + MemoryKind.of(error).explanation(error), error);
  }
}
