package org.alignment4j.examples.cli.output;

import java.util.Locale;

/** Escapes foreign text for a terminal. */
public final class TerminalText {
  private TerminalText() {}

  /** Returns the text, line breaks unchanged. */
  public static String lines(String text) {
    return escaped(text, true);
  }

  /** Returns the text on one line. */
  public static String line(String text) {
    return escaped(text, false);
  }

  private static String escaped(String text, boolean lines) {
    StringBuilder shown = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '\n' -> shown.append(lines ? "\n" : "\\n");
                case '\r' -> shown.append("\\r");
                case '\t' -> shown.append("\\t");
                default -> {
                  if (isObeyed(c)) {
                    shown.append(String.format(Locale.ROOT, "\\u%04x", c));
                  } else {
                    shown.appendCodePoint(c);
                  }
                }
              }
            });
    return shown.toString();
  }

  /**
   * Whether a character is a control character, changes the text direction, is invisible, or is
   * half of a surrogate pair.
   */
  private static boolean isObeyed(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> false;
    };
  }
}
