package org.alignment4j.data;

/** A row of a preference file cannot be used; the message says why, for people, on one line. */
final class BadRow extends Exception {
  private static final long serialVersionUID = 1L;
  private static final int MAX_SHOWN = 300;

  BadRow(String reason) {
    // A file may have millions of these: no stack trace.
    super(shown(reason), null, false, false);
  }

  String reason() {
    return String.valueOf(getMessage());
  }

  /**
   * Text from a file, for a message: shortened, control characters and lone surrogates replaced.
   */
  static String shown(String text) {
    String head = text.length() > MAX_SHOWN ? text.substring(0, MAX_SHOWN) + "..." : text;
    return head.replaceAll("[\\p{Cntrl}\\p{Cs}]", "?");
  }
}
