package org.alignment4j.core;

import org.alignment4j.internal.text.Shown;
import org.jspecify.annotations.Nullable;

/**
 * The base class of this library's exceptions, except {@link IllegalArgumentException} for invalid
 * arguments. Messages name the file, tensor or row concerned, what was expected and what was found.
 * They have at most about 2,500 characters, and no control characters except line breaks and tabs,
 * also in quoted text.
 */
public class AlignmentException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a human-readable message. */
  public AlignmentException(String message) {
    super(Shown.message(message));
  }

  /** Creates an exception with a human-readable message and its cause. */
  public AlignmentException(String message, @Nullable Throwable cause) {
    super(Shown.message(message), cause);
  }
}
