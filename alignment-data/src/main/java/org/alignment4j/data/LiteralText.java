package org.alignment4j.data;

/** A text with a position, and what JSON and Python's literals have in common. */
abstract class LiteralText {
  final String text;
  int at;

  LiteralText(String text) {
    this.text = text;
  }

  /** The next character; zero at the end, where no token begins. */
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

  /** Passes over the characters that are blanks here. */
  final void space(String blanks) {
    while (at < text.length() && blanks.indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  /**
   * The character that the next one, behind a backslash, stands for in both languages, with \\u's
   * four digits; -1, and nothing is passed over, if they do not agree that there is one.
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
   * The number that digits ahead write; passes over nothing.
   *
   * @param from characters ahead at which they begin
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

  /** The failure that says what stands in the place of what was expected. */
  abstract BadRow malformed(String expected);
}
