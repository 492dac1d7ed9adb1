package org.alignment4j.data;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parser of a list or mapping in Python's text form, such as pandas writes to a cell of CSV: single
 * quotes, None, True. Accepts what Python's ast.literal_eval accepts, except sets, bytes and
 * complex numbers; it shares little with JSON except escapes. As NumPy writes arrays, mappings may
 * be separated by white space instead of commas.
 */
final class PythonLiteral extends LiteralText {
  private static final String BLANKS = " \t\n\r\f";

  private static final int MAX_DEPTH = 100;
  private static final Pattern NUMBER =
      Pattern.compile("[-+]?(?:[0-9]++(?:\\.[0-9]*+)?|\\.[0-9]++)(?:[eE][-+]?[0-9]++)?");

  private PythonLiteral(String text) {
    super(text);
  }

  /**
   * @throws BadRow if it is malformed
   */
  static JsonElement parse(String text) throws BadRow {
    PythonLiteral literal = new PythonLiteral(text);
    literal.space(BLANKS);
    JsonElement value = literal.value(0);
    literal.space(BLANKS);
    if (literal.at < text.length()) {
      throw literal.malformed("nothing after the value");
    }
    return value;
  }

  private JsonElement value(int depth) throws BadRow {
    if (depth > MAX_DEPTH) {
      throw malformed("at most " + MAX_DEPTH + " levels");
    }
    if (taken('[')) {
      return list(depth, ']');
    }
    if (taken('(')) {
      return list(depth, ')');
    }
    if (taken('{')) {
      return mapping(depth);
    }
    if (atString()) {
      return new JsonPrimitive(strings());
    }
    return scalar();
  }

  private JsonArray list(int depth, char end) throws BadRow {
    JsonArray list = new JsonArray();
    space(BLANKS);
    while (!taken(end)) {
      JsonElement element = value(depth + 1);
      list.add(element);
      int before = at;
      space(BLANKS);
      boolean spaced = at > before;
      if (taken(',')) {
        space(BLANKS);
      } else if (!(peek() == end || (spaced && element.isJsonObject() && peek() == '{'))) {
        throw malformed("a comma or '" + end + "'");
      }
    }
    return list;
  }

  private JsonObject mapping(int depth) throws BadRow {
    JsonObject mapping = new JsonObject();
    space(BLANKS);
    while (!taken('}')) {
      if (!atString()) {
        throw malformed("a key in quotes");
      }
      String key = strings();
      space(BLANKS);
      if (!taken(':')) {
        throw malformed("a colon after the key");
      }
      space(BLANKS);
      // Of two values of one key Python keeps the last.
      mapping.add(key, value(depth + 1));
      space(BLANKS);
      if (taken(',')) {
        space(BLANKS);
      } else if (peek() != '}') {
        throw malformed("a comma or '}'");
      }
    }
    return mapping;
  }

  private JsonElement scalar() throws BadRow {
    if (word("None")) {
      return JsonNull.INSTANCE;
    }
    if (word("True")) {
      return new JsonPrimitive(true);
    }
    if (word("False")) {
      return new JsonPrimitive(false);
    }
    if (word("nan")) {
      return new JsonPrimitive(Double.NaN);
    }
    Matcher number = NUMBER.matcher(text).region(at, text.length());
    if (!number.lookingAt()) {
      throw malformed("a value");
    }
    at = number.end();
    // Numbers are never read.
    return new JsonPrimitive(0);
  }

  private boolean word(String word) {
    int end = at + word.length();
    boolean found =
        text.startsWith(word, at)
            && (end == text.length() || !Character.isJavaIdentifierPart(text.charAt(end)));
    if (found) {
      at = end;
    }
    return found;
  }

  private boolean atString() {
    int quote = at;
    while (quote < text.length() && "uUrR".indexOf(text.charAt(quote)) >= 0 && quote < at + 1) {
      quote++;
    }
    return quote < text.length() && (text.charAt(quote) == '\'' || text.charAt(quote) == '"');
  }

  /** Reads adjacent strings without a comma as one. */
  private String strings() throws BadRow {
    StringBuilder value = new StringBuilder();
    while (atString()) {
      string(value);
      space(BLANKS);
    }
    return value.toString();
  }

  private void string(StringBuilder value) throws BadRow {
    boolean raw = peek() == 'r' || peek() == 'R';
    if (Character.isLetter(peek())) {
      at++;
    }
    String one = text.substring(at, at + 1);
    boolean triple = text.startsWith(one.repeat(3), at);
    String quote = triple ? one.repeat(3) : one;
    at += quote.length();
    while (!text.startsWith(quote, at)) {
      char c = peek();
      if (at >= text.length() || (c == '\n' && !triple)) {
        throw malformed("a closing quote");
      }
      at++;
      if (c != '\\') {
        value.append(c);
      } else if (raw) {
        value.append(c).append(peek());
        at++;
      } else {
        escape(value);
      }
    }
    at += quote.length();
  }

  private void escape(StringBuilder value) throws BadRow {
    int both = escaped();
    if (both >= 0) {
      value.appendCodePoint(both);
      return;
    }
    char c = peek();
    at++;
    switch (c) {
      case '\n' -> {}
      case '\'' -> value.append(c);
      case 'a' -> value.append('\u0007');
      case 'v' -> value.append('\u000b');
      case 'x' -> number(value, 2, 16);
      case 'U' -> number(value, 8, 16);
      case 'N' -> name(value);
      case '0', '1', '2', '3', '4', '5', '6', '7' -> {
        at--;
        int length = 1;
        while (length < 3 && at + length < text.length() && octal(text.charAt(at + length))) {
          length++;
        }
        number(value, length, 8);
      }
      // An invalid escape sequence is kept unchanged, including the backslash.
      default -> value.append('\\').append(c);
    }
  }

  private void number(StringBuilder value, int length, int radix) throws BadRow {
    value.appendCodePoint(digits(0, length, radix));
    at += length;
  }

  private static boolean octal(char c) {
    return c >= '0' && c <= '7';
  }

  private void name(StringBuilder value) throws BadRow {
    int end = text.indexOf('}', at);
    if (peek() != '{' || end < 0) {
      throw malformed("a character's name in braces");
    }
    try {
      value.appendCodePoint(Character.codePointOf(text.substring(at + 1, end)));
    } catch (IllegalArgumentException e) {
      throw malformed("a character's name");
    }
    at = end + 1;
  }

  @Override
  BadRow malformed(String expected) {
    String found = at >= text.length() ? "the end" : "something else at character " + (at + 1);
    return new BadRow(
        "not well-formed as Python writes it: expected " + expected + ", found " + found);
  }
}
