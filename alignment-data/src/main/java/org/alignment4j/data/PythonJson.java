package org.alignment4j.data;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alignment4j.internal.text.StrictJson;

/**
 * Parser of JSON as Python's json module accepts it, which writes most data sets: RFC 8259, and
 * NaN, Infinity and -Infinity as numbers. Not {@link StrictJson}, as Gson accepts these only
 * together with much else that is not JSON. Values of unread keys are checked, but neither kept nor
 * limited in number or depth.
 */
final class PythonJson extends LiteralText {
  private static final String BLANKS = " \t\n\r";

  private static final Pattern NUMBER =
      Pattern.compile("-?(?:0|[1-9][0-9]*+)(?:\\.[0-9]++)?(?:[eE][-+]?[0-9]++)?");

  private PythonJson(String text) {
    super(text);
  }

  /**
   * Parses a text as one value.
   *
   * @param read the keys of the outermost object whose values are read; those of others are
   *     replaced by an empty object, an empty list or null
   * @throws BadRow if it is not JSON, or a kept object has a key twice
   */
  static JsonElement parse(String text, Predicate<String> read) throws BadRow {
    PythonJson json = new PythonJson(text);
    json.space(BLANKS);
    JsonElement value = json.peek() == '{' ? json.object(0, read) : json.value(0);
    json.space(BLANKS);
    if (json.at < text.length()) {
      throw json.malformed("nothing after the value");
    }
    return value;
  }

  private JsonElement value(int depth) throws BadRow {
    if (depth > StrictJson.MAX_DEPTH) {
      throw new BadRow(
          "not well-formed JSON: nested deeper than " + StrictJson.MAX_DEPTH + " levels");
    }
    return switch (peek()) {
      case '{' -> object(depth, key -> true);
      case '[' -> array(depth);
      case '"' -> new JsonPrimitive(string());
      default -> scalar(true);
    };
  }

  private JsonObject object(int depth, Predicate<String> read) throws BadRow {
    JsonObject object = new JsonObject();
    at++;
    space(BLANKS);
    if (taken('}')) {
      return object;
    }
    do {
      String key = key();
      if (!read.test(key)) {
        JsonElement kind =
            switch (peek()) {
              case '{' -> new JsonObject();
              case '[' -> new JsonArray();
              default -> JsonNull.INSTANCE;
            };
        skip();
        if (!object.has(key)) {
          object.add(key, kind);
        }
      } else if (object.has(key)) {
        throw new BadRow("not well-formed JSON: key '" + key + "' occurs twice");
      } else {
        object.add(key, value(depth + 1));
      }
    } while (more('}'));
    return object;
  }

  private String key() throws BadRow {
    space(BLANKS);
    if (peek() != '"') {
      throw malformed("a key in double quotes");
    }
    String key = string();
    space(BLANKS);
    if (!taken(':')) {
      throw malformed("a colon after the key");
    }
    space(BLANKS);
    return key;
  }

  private JsonArray array(int depth) throws BadRow {
    JsonArray array = new JsonArray();
    at++;
    space(BLANKS);
    if (taken(']')) {
      return array;
    }
    do {
      space(BLANKS);
      array.add(value(depth + 1));
    } while (more(']'));
    return array;
  }

  /** Whether another member follows; else the container is closed. */
  private boolean more(char end) throws BadRow {
    space(BLANKS);
    if (taken(',')) {
      return true;
    }
    if (taken(end)) {
      return false;
    }
    throw malformed("a comma or '" + end + "'");
  }

  /** Skips a value, without recursion, as it may be nested as deep as the line is long. */
  private void skip() throws BadRow {
    StringBuilder open = new StringBuilder();
    boolean valueDue = true;
    while (true) {
      space(BLANKS);
      char c = peek();
      if (valueDue && (c == '{' || c == '[')) {
        at++;
        space(BLANKS);
        char end = c == '{' ? '}' : ']';
        if (taken(end)) {
          valueDue = false;
        } else {
          open.append(end);
          if (c == '{') {
            key();
          }
        }
      } else if (valueDue) {
        if (c == '"') {
          string();
        } else {
          scalar(false);
        }
        valueDue = false;
      }
      if (!valueDue) {
        if (open.isEmpty()) {
          return;
        }
        char end = open.charAt(open.length() - 1);
        if (!more(end)) {
          open.setLength(open.length() - 1);
        } else {
          valueDue = true;
          if (end == '}') {
            key();
          }
        }
      }
    }
  }

  private JsonElement scalar(boolean kept) throws BadRow {
    if (word("null")) {
      return JsonNull.INSTANCE;
    }
    if (word("true")) {
      return new JsonPrimitive(true);
    }
    if (word("false")) {
      return new JsonPrimitive(false);
    }
    if (word("NaN")) {
      return new JsonPrimitive(Double.NaN);
    }
    if (word("Infinity")) {
      return new JsonPrimitive(Double.POSITIVE_INFINITY);
    }
    if (word("-Infinity")) {
      return new JsonPrimitive(Double.NEGATIVE_INFINITY);
    }
    Matcher number = NUMBER.matcher(text).region(at, text.length());
    if (!number.lookingAt()) {
      throw malformed("a value");
    }
    at = number.end();
    if (!kept) {
      return JsonNull.INSTANCE;
    }
    if (number.end() - number.start() > StrictJson.MAX_NUMBER) {
      throw new BadRow(
          "expected a number of at most " + StrictJson.MAX_NUMBER + " characters, found more");
    }
    // Gson keeps the digits as written.
    return StrictJson.value(number.group());
  }

  private boolean word(String word) {
    boolean found = text.startsWith(word, at);
    if (found) {
      at += word.length();
    }
    return found;
  }

  private String string() throws BadRow {
    int begin = ++at;
    while (at < text.length() && plain(text.charAt(at))) {
      at++;
    }
    if (peek() == '"' && at < text.length()) {
      return text.substring(begin, at++);
    }
    StringBuilder value = new StringBuilder(text.substring(begin, at));
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '"') {
        at++;
        return value.toString();
      }
      if (c == '\\') {
        at++;
        int code = escaped();
        if (code < 0 && !taken('/')) {
          throw malformed("one of \"\\/bfnrtu after a backslash");
        }
        value.append(code < 0 ? '/' : (char) code);
      } else if (plain(c)) {
        value.append(c);
        at++;
      } else {
        throw malformed("an escape sequence for a control character");
      }
    }
    throw malformed("a double quote");
  }

  private static boolean plain(char c) {
    return c >= ' ' && c != '"' && c != '\\';
  }

  @Override
  BadRow malformed(String expected) {
    String found =
        at >= text.length()
            ? "the end" + (text.startsWith("{") ? "; an object has to end on its line" : "")
            : "'" + Character.toString(text.codePointAt(at)) + "' at character " + (at + 1);
    return new BadRow("not well-formed JSON: expected " + expected + ", found " + found);
  }
}
