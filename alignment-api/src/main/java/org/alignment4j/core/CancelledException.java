package org.alignment4j.core;

import org.jspecify.annotations.Nullable;

/** Work was cancelled by interrupting its thread; files and states saved before remain valid. */
public final class CancelledException extends AlignmentException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a human-readable message. */
  public CancelledException(String message) {
    super(message);
  }

  /** Creates an exception with a human-readable message and its cause. */
  public CancelledException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
