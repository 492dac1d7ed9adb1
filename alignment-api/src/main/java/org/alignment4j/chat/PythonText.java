package org.alignment4j.chat;

import org.jspecify.annotations.Nullable;

/** The string operations of chat templates, with Python's definition of white space. */
final class PythonText {
  private PythonText() {}

  /** Python's {@code str.strip()}. */
  static String strip(String text) {
    return stripRight(stripLeft(text));
  }

  /** Python's {@code str.lstrip()}. */
  static String stripLeft(String text) {
    int start = 0;
    while (start < text.length() && isSpace(text.charAt(start))) {
      start++;
    }
    return text.substring(start);
  }

  /** Python's {@code str.rstrip()}. */
  static String stripRight(String text) {
    int end = text.length();
    while (end > 0 && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  /**
   * The offset after the characters that Python's {@code str.lstrip} removes.
   *
   * @param chars the characters to remove, or null for white space
   */
  static int start(String text, @Nullable String chars) {
    int start = 0;
    while (start < text.length()) {
      int c = text.codePointAt(start);
      if (!isStripped(c, chars)) {
        break;
      }
      start += Character.charCount(c);
    }
    return start;
  }

  /** The offset of the characters that Python's {@code str.rstrip} removes. */
  static int end(String text, @Nullable String chars) {
    int end = text.length();
    while (end > 0) {
      int c = text.codePointBefore(end);
      if (!isStripped(c, chars)) {
        break;
      }
      end -= Character.charCount(c);
    }
    return end;
  }

  private static boolean isStripped(int c, @Nullable String chars) {
    return chars == null ? Character.isBmpCodePoint(c) && isSpace((char) c) : chars.indexOf(c) >= 0;
  }

  /** Python's {@code str.isspace()}: Unicode White_Space and the four information separators. */
  static boolean isSpace(char c) {
    return isWhiteSpace(c) || (c >= 0x1C && c <= 0x1F);
  }

  /** The Unicode property White_Space, which tokenizers strip next to some control tokens. */
  static boolean isWhiteSpace(char c) {
    return (c >= 0x09 && c <= 0x0D)
        || c == 0x20
        || c == 0x85
        || c == 0xA0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200A)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202F
        || c == 0x205F
        || c == 0x3000;
  }

  /** The text with every lone surrogate replaced by U+FFFD. */
  static String wellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (isPair(text, i)) {
        i++;
        continue;
      }
      return replaceLoneSurrogates(text);
    }
    return text;
  }

  private static String replaceLoneSurrogates(String text) {
    StringBuilder fixed = new StringBuilder(text);
    for (int i = 0; i < fixed.length(); i++) {
      if (!Character.isSurrogate(fixed.charAt(i))) {
        continue;
      }
      if (isPair(fixed, i)) {
        i++;
      } else {
        fixed.setCharAt(i, '\uFFFD');
      }
    }
    return fixed.toString();
  }

  private static boolean isPair(CharSequence text, int i) {
    return Character.isHighSurrogate(text.charAt(i))
        && i + 1 < text.length()
        && Character.isLowSurrogate(text.charAt(i + 1));
  }
}
