package org.alignment4j.data;

/** A text with a read position, and the parsing that JSON and Python literals share. */
abstract class LiteralText {
  final String text;
  int at;

  LiteralText(String text) {
    this.text = text;
  }

  /** Returns the next character; zero at the end, as no token starts with it. */
  final char peek() {
    return at < text.length() ? text.charAt(at) : '\0';
  }

  final boolean taken(char c) {
    boolean found = at < text.length() && text.charAt(at) == c;
    if (found) {
      at++;
    }
    return found;
  }

  /** Skips the given blank characters. */
  final void space(String blanks) {
    while (at < text.length() && blanks.indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  /**
   * Returns the character that an escape sequence, after its backslash, denotes in both languages,
   * including \\u with four digits; -1, without advancing, if the languages differ or there is
   * none.
   */
  final int escaped() throws BadRow {
    char c = peek();
    int value =
        switch (c) {
          case '"', '\\' -> c;
          case 'b' -> '\b';
          case 'f' -> '\f';
          case 'n' -> '\n';
          case 'r' -> '\r';
          case 't' -> '\t';
          case 'u' -> digits(1, 4, 16);
          default -> -1;
        };
    if (value >= 0) {
      at += c == 'u' ? 5 : 1;
    }
    return value;
  }

  /**
   * Returns the number that the digits ahead denote, without advancing.
   *
   * @param from offset of the first digit
   */
  final int digits(int from, int length, int radix) throws BadRow {
    long code = 0;
    for (int i = at + from; i < at + from + length; i++) {
      char c = i < text.length() ? text.charAt(i) : '\0';
      int digit = c < 128 ? Character.digit(c, radix) : -1;
      if (digit < 0) {
        throw malformed(length + " digits of an escape sequence");
      }
      code = code * radix + digit;
    }
    if (code > Character.MAX_CODE_POINT) {
      throw malformed("a character's number");
    }
    return (int) code;
  }

  /** Returns the failure that reports what was expected and what was found. */
  abstract BadRow malformed(String expected);
}
