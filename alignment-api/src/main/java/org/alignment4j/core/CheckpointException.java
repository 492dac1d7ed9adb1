package org.alignment4j.core;

import org.jspecify.annotations.Nullable;

/** A model, adapter or tensor file is missing, damaged or does not fit its configuration. */
public final class CheckpointException extends AlignmentException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a human-readable message. */
  public CheckpointException(String message) {
    super(message);
  }

  /** Creates an exception with a human-readable message and its cause. */
  public CheckpointException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
