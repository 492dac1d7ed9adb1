package org.alignment4j.data;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A list or mapping as Python writes it when a program turns one into text, such as pandas does for
 * a cell of CSV: single quotes, None, True. Read as Python's ast.literal_eval reads it, without
 * sets, bytes and complex numbers; and, as NumPy writes arrays, with white space for commas between
 * mappings.
 */
final class PythonLiteral {
  private static final int MAX_DEPTH = 100;
  private static final Pattern NUMBER =
      Pattern.compile("[-+]?(?:[0-9]++(?:\\.[0-9]*+)?|\\.[0-9]++)(?:[eE][-+]?[0-9]++)?");

  private final String text;
  private int at;

  private PythonLiteral(String text) {
    this.text = text;
  }

  /**
   * @throws BadRow if it is none
   */
  static JsonElement parse(String text) throws BadRow {
    PythonLiteral literal = new PythonLiteral(text);
    literal.space();
    JsonElement value = literal.value(0);
    literal.space();
    if (literal.at < text.length()) {
      throw literal.malformed("nothing behind the value");
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
    space();
    while (!taken(end)) {
      JsonElement element = value(depth + 1);
      list.add(element);
      int behind = at;
      space();
      boolean spaced = at > behind;
      if (taken(',')) {
        space();
      } else if (!(peek() == end || (spaced && element.isJsonObject() && peek() == '{'))) {
        throw malformed("a comma or '" + end + "'");
      }
    }
    return list;
  }

  private JsonObject mapping(int depth) throws BadRow {
    JsonObject mapping = new JsonObject();
    space();
    while (!taken('}')) {
      if (!atString()) {
        throw malformed("a key in quotes");
      }
      String key = strings();
      space();
      if (!taken(':')) {
        throw malformed("a colon behind the key");
      }
      space();
      // Of two values with one key Python keeps the last.
      mapping.add(key, value(depth + 1));
      space();
      if (taken(',')) {
        space();
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
    // Nothing that is read is a number.
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

  /** Strings that follow each other without a comma are one. */
  private String strings() throws BadRow {
    StringBuilder value = new StringBuilder();
    while (atString()) {
      string(value);
      space();
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
    char c = peek();
    at++;
    switch (c) {
      case '\n' -> {}
      case '\\', '\'', '"' -> value.append(c);
      case 'a' -> value.append('\u0007');
      case 'b' -> value.append('\b');
      case 'f' -> value.append('\f');
      case 'n' -> value.append('\n');
      case 'r' -> value.append('\r');
      case 't' -> value.append('\t');
      case 'v' -> value.append('\u000b');
      case 'x' -> value.appendCodePoint(digits(2, 16));
      case 'u' -> value.appendCodePoint(digits(4, 16));
      case 'U' -> value.appendCodePoint(digits(8, 16));
      case 'N' -> name(value);
      case '0', '1', '2', '3', '4', '5', '6', '7' -> {
        at--;
        int length = 1;
        while (length < 3 && at + length < text.length() && octal(text.charAt(at + length))) {
          length++;
        }
        value.appendCodePoint(digits(length, 8));
      }
      // What is no escape sequence stands for itself, backslash included.
      default -> value.append('\\').append(c);
    }
  }

  private static boolean octal(char c) {
    return c >= '0' && c <= '7';
  }

  private int digits(int length, int radix) throws BadRow {
    int end = at + length;
    int code = 0;
    for (int i = at; i < end; i++) {
      int digit = i < text.length() ? Character.digit(text.charAt(i), radix) : -1;
      if (digit < 0 || code > Character.MAX_CODE_POINT) {
        throw malformed(length + " digits of an escape sequence");
      }
      code = code * radix + digit;
    }
    if (code < 0 || code > Character.MAX_CODE_POINT) {
      throw malformed("a character's number");
    }
    at = end;
    return code;
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

  private void space() {
    while (at < text.length() && " \t\n\r\f".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private boolean taken(char c) {
    boolean found = at < text.length() && text.charAt(at) == c;
    if (found) {
      at++;
    }
    return found;
  }

  private char peek() {
    return at < text.length() ? text.charAt(at) : '\0';
  }

  private BadRow malformed(String expected) {
    String found = at >= text.length() ? "the end" : "something else at character " + (at + 1);
    return new BadRow(
        "not well-formed as Python writes it: expected " + expected + ", found " + found);
  }
}
