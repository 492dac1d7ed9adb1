package org.alignment4j.data;

import org.alignment4j.internal.text.Shown;

/** Thrown if a row of a data file cannot be used; the message is human-readable and on one line. */
final class BadRow extends Exception {
  private static final long serialVersionUID = 1L;

  BadRow(String reason) {
    // A file may have millions of these: no stack trace.
    super(Shown.line(reason), null, false, false);
  }

  String reason() {
    return String.valueOf(getMessage());
  }

  /** Returns text from a file for a message: shortened, on one line, without control characters. */
  static String shown(String text) {
    return Shown.value(text);
  }
}
