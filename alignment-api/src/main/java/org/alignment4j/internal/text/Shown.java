package org.alignment4j.internal.text;

import org.jspecify.annotations.Nullable;

/**
 * Foreign text as messages and terminals may show it. Control characters could move the cursor,
 * rename the window or paint over what stands there, and characters that turn the direction of text
 * make it read as something else: each becomes its escape, such as {@code \u001B}. Lengths are in
 * UTF-16 units.
 */
public final class Shown {
  /** Characters of a value in a message. */
  private static final int VALUE = 200;

  /** Characters of a message from its beginning, and from its end. */
  private static final int HEAD = 1500;

  private static final int TAIL = 1000;

  private Shown() {}

  /** A value within a message: on one line, its escapes among at most 200 characters and dots. */
  public static String value(@Nullable Object value) {
    return line(String.valueOf(value), VALUE);
  }

  /** {@link #value} in single quotes. */
  public static String quoted(@Nullable Object value) {
    return "'" + value(value) + "'";
  }

  /** A whole message: line breaks stay, what is beyond 2,500 characters is left out. */
  public static String message(String text) {
    return message(text, true);
  }

  /** A whole message on one line: as {@link #message}, with escapes for line breaks. */
  public static String line(String text) {
    return message(text, false);
  }

  /** On one line, its escapes among at most {@code most} characters and dots. */
  static String line(String text, int most) {
    String head = escaped(cut(text, most), false);
    boolean whole = text.length() <= most && head.length() <= most;
    return whole ? head : cut(head, most) + "...";
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

  /** Text of any length; line breaks and tabs stay. */
  public static String lines(String text) {
    return escaped(text, true);
  }

  /**
   * Whether a character must not reach a terminal as it is: controls (C0, DEL, C1), line and
   * paragraph separator, and what embeds, overrides or isolates a direction of text.
   */
  public static boolean isHidden(int c) {
    return Character.isISOControl(c)
        || (c >= 0x2028 && c <= 0x202E)
        || (c >= 0x2066 && c <= 0x2069);
  }

  /** The escape that stands for a character of {@link #isHidden}. */
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
