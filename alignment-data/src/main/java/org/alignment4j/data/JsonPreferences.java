package org.alignment4j.data;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import org.alignment4j.core.BadDataException;
import org.jspecify.annotations.Nullable;

/** Preference files as JSON: one object a line, or one array of objects. */
final class JsonPreferences {
  private static final Gson GSON =
      new GsonBuilder().disableHtmlEscaping().setStrictness(Strictness.STRICT).create();

  private JsonPreferences() {}

  /**
   * Cuts an array at the commas between its elements before any is parsed, so that one with a
   * mistake inside costs itself only.
   *
   * @throws BadDataException if the array does not end, or something follows it
   */
  static void array(Path file, String text, PreferenceRows rows) {
    int number = 0;
    int open = text.indexOf('[');
    int begin = open + 1;
    int depth = 0;
    boolean inString = false;
    for (int i = begin; i < text.length(); i++) {
      char c = text.charAt(i);
      if (inString) {
        if (c == '\\') {
          i++;
        } else {
          inString = c != '"';
        }
        continue;
      }
      boolean ends = depth == 0 && c == ']';
      if (ends || (depth == 0 && c == ',')) {
        String element = text.substring(begin, i);
        begin = i + 1;
        if (!(ends && number == 0 && element.isBlank())) {
          rows.add(++number, () -> object(element));
        }
      }
      if (ends) {
        if (!text.substring(begin).isBlank()) {
          throw new BadDataException(
              file + ": expected nothing after the JSON array of " + number + " rows, found more");
        }
        return;
      }
      switch (c) {
        case '"' -> inString = true;
        case '{', '[' -> depth++;
        case '}', ']' -> depth--;
        default -> {}
      }
    }
    throw new BadDataException(
        file + ": expected a JSON array, found one that does not end: row " + (number + 1));
  }

  /** One line, without a line break; only ASCII escapes stand for what UTF-8 cannot hold. */
  static String text(JsonElement value) {
    String json = GSON.toJson(value);
    if (!TextFile.hasLoneSurrogate(json)) {
      return json;
    }
    StringBuilder escaped = new StringBuilder(json.length());
    json.codePoints()
        .forEach(
            c -> {
              if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
                escaped.append("\\u").append(Integer.toHexString(c));
              } else {
                escaped.appendCodePoint(c);
              }
            });
    return escaped.toString();
  }

  /** Text as it is, anything else as JSON: a value where a format has only text. */
  static String cell(JsonElement value) {
    return value.isJsonPrimitive() ? value.getAsString() : text(value);
  }

  static JsonObject object(String json) throws BadRow {
    TextFile.requireText(json);
    JsonElement element = element(json);
    if (element != null && element.isJsonObject()) {
      return element.getAsJsonObject();
    }
    throw new BadRow("expected a JSON object, found another value or none");
  }

  /** Null if there is nothing. */
  static @Nullable JsonElement element(String json) throws BadRow {
    try {
      requireKeysOnce(json);
      return GSON.fromJson(json, JsonElement.class);
    } catch (IOException | JsonParseException e) {
      throw new BadRow("not well-formed JSON: " + cause(e));
    }
  }

  /** Gson's tree keeps the last of two values with one key, and says nothing. */
  private static void requireKeysOnce(String json) throws BadRow, IOException {
    JsonReader reader = new JsonReader(new StringReader(json));
    reader.setStrictness(Strictness.STRICT);
    Deque<Set<String>> open = new ArrayDeque<>();
    for (JsonToken next = reader.peek(); next != JsonToken.END_DOCUMENT; next = reader.peek()) {
      switch (next) {
        case BEGIN_OBJECT -> {
          reader.beginObject();
          open.push(new HashSet<>());
        }
        case END_OBJECT -> {
          reader.endObject();
          open.pop();
        }
        case BEGIN_ARRAY -> reader.beginArray();
        case END_ARRAY -> reader.endArray();
        case NAME -> {
          String key = reader.nextName();
          if (!open.element().add(key)) {
            throw new BadRow("not well-formed JSON: key '" + key + "' occurs twice");
          }
        }
        default -> reader.skipValue();
      }
    }
  }

  /** The parser's complaint without its class, its advice and the text it quotes. */
  private static String cause(Exception e) {
    Throwable inner = e.getCause() == null ? e : e.getCause();
    return String.valueOf(inner.getMessage()).lines().findFirst().orElse("");
  }
}
