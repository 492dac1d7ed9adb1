package org.alignment4j.core;

import org.alignment4j.internal.text.Shown;
import org.jspecify.annotations.Nullable;

/**
 * The root of everything this library throws on purpose, except {@link IllegalArgumentException}
 * for bad arguments. Messages name the file, tensor or row concerned, what was expected and what
 * was found. Whatever they quote, they hold no control characters but line breaks and tabs and no
 * more than about 2,500 characters.
 */
public class AlignmentException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a message for people. */
  public AlignmentException(String message) {
    super(Shown.message(message));
  }

  /** Creates an exception with a message for people and the failure beneath it. */
  public AlignmentException(String message, @Nullable Throwable cause) {
    super(Shown.message(message), cause);
  }
}
