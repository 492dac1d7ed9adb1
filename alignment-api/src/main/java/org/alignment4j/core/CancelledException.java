package org.alignment4j.core;

import org.jspecify.annotations.Nullable;

/** Work was cancelled by interrupting its thread; what was saved before stays valid. */
public final class CancelledException extends AlignmentException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a message for people. */
  public CancelledException(String message) {
    super(message);
  }

  /** Creates an exception with a message for people and the failure beneath it. */
  public CancelledException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
