package org.alignment4j.core;

import org.alignment4j.internal.text.MemoryKind;
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

  /**
   * An exception that names the memory that is short and the setting that gives more of it.
   *
   * @param what what did not fit, such as a file
   */
  public static OutOfMemoryException of(String what, OutOfMemoryError error) {
    return new OutOfMemoryException(what + ": " + MemoryKind.of(error).explanation(error), error);
  }
}
