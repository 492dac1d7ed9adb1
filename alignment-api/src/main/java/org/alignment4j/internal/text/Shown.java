package org.alignment4j.internal.text;

import org.jspecify.annotations.Nullable;

/**
 * Makes foreign text safe for messages and terminals. Control characters could move the cursor,
 * rename the window or overwrite other text, and bidirectional controls can change how text reads:
 * each is replaced by its escape, such as {@code \u001B}. Lengths are in UTF-16 units.
 */
public final class Shown {
  /** Maximum characters of a value in a message. */
  private static final int VALUE = 200;

  /** Characters that are kept of the start of a long message, and of its end. */
  private static final int HEAD = 1500;

  private static final int TAIL = 1000;

  private Shown() {}

  /** A value within a message: one line, cut to 200 characters, including escapes, and dots. */
  public static String value(@Nullable Object value) {
    return line(String.valueOf(value), VALUE);
  }

  /** {@link #value} in single quotes. */
  public static String quoted(@Nullable Object value) {
    return "'" + value(value) + "'";
  }

  /** A whole message with its line breaks, shortened in the middle to 2,500 characters. */
  public static String message(String text) {
    return message(text, true);
  }

  /** A whole message on one line: as {@link #message}, with escapes for line breaks. */
  public static String line(String text) {
    return message(text, false);
  }

  /** One line, cut to {@code max} characters, including escapes, and dots. */
  static String line(String text, int max) {
    String head = escaped(cut(text, max), false);
    boolean whole = text.length() <= max && head.length() <= max;
    return whole ? head : cut(head, max) + "...";
  }

  private static String message(String text, boolean linesStay) {
    if (text.length() <= HEAD + TAIL) {
      return escaped(text, linesStay);
    }
    int from = text.length() - TAIL;
    int tail = Character.isLowSurrogate(text.charAt(from)) ? from + 1 : from;
    return escaped(cut(text, HEAD), linesStay)
        + "... ("
        + (tail - HEAD)
        + " characters) ..."
        + escaped(text.substring(tail), linesStay);
  }

  /** Text of any length with its line breaks and tabs. */
  public static String lines(String text) {
    return escaped(text, true);
  }

  /**
   * Whether a character must be escaped: controls (C0, DEL, C1), line and paragraph separators, and
   * bidirectional embeddings, overrides and isolates.
   */
  public static boolean isHidden(int c) {
    return Character.isISOControl(c)
        || (c >= 0x2028 && c <= 0x202E)
        || (c >= 0x2066 && c <= 0x2069);
  }

  /** The escape of a character of {@link #isHidden}. */
  public static String escape(int c) {
    return String.format("\\u%04X", c);
  }

  private static String escaped(String text, boolean linesStay) {
    if (text.codePoints().noneMatch(c -> changes(c, linesStay))) {
      return text;
    }
    StringBuilder shown = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      boolean windowsLine = linesStay && c == '\r' && i < text.length() && text.charAt(i) == '\n';
      if (windowsLine || !changes(c, linesStay)) {
        shown.appendCodePoint(c);
      } else if (c == '\n' || c == '\t' || c == '\r') {
        shown.append(c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
      } else {
        shown.append(escape(c));
      }
    }
    return shown.toString();
  }

  private static boolean changes(int c, boolean linesStay) {
    boolean surrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
    return (isHidden(c) || surrogate) && !(linesStay && (c == '\n' || c == '\t'));
  }

  private static String cut(String text, int length) {
    if (text.length() <= length) {
      return text;
    }
    boolean splits = Character.isHighSurrogate(text.charAt(length - 1));
    return text.substring(0, splits ? length - 1 : length);
  }
}
