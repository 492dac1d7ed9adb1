package org.alignment4j.data;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.Strictness;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Rows as JSON. */
final class JsonPreferences {
  private static final Gson GSON =
      new GsonBuilder().disableHtmlEscaping().setStrictness(Strictness.STRICT).create();

  private JsonPreferences() {}

  /**
   * Returns one line, without a line break; only characters that UTF-8 cannot encode are escaped in
   * ASCII.
   */
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

  /** Returns text unchanged, anything else as JSON, for formats that have only text. */
  static String cell(JsonElement value) {
    return value.isJsonPrimitive() ? value.getAsString() : text(value);
  }

  /**
   * @param read the keys whose values are read; those of others are replaced by an empty value of
   *     their type
   */
  static JsonObject object(String json, Predicate<String> read) throws BadRow {
    TextFile.requireText(json);
    if (json.isBlank()) {
      throw new BadRow("expected a JSON object, found nothing");
    }
    JsonElement element = PythonJson.parse(json, read);
    if (element.isJsonObject()) {
      return element.getAsJsonObject();
    }
    throw new BadRow("expected a JSON object, found " + kind(element));
  }

  /** Returns the name of a value's type for messages. */
  static String kind(JsonElement value) {
    if (value.isJsonArray()) {
      return "a list";
    }
    if (value.isJsonObject()) {
      return "an object";
    }
    if (value.isJsonNull()) {
      return "null";
    }
    if (value.getAsJsonPrimitive().isString()) {
      return "text";
    }
    if (value.getAsJsonPrimitive().isBoolean()) {
      return "a truth value";
    }
    return isMissing(value) ? "NaN" : "a number";
  }

  /** Whether a value is missing: null, or NaN, which pandas writes for null. */
  static boolean isMissing(@Nullable JsonElement value) {
    return value == null
        || value.isJsonNull()
        || (value.isJsonPrimitive()
            && value.getAsJsonPrimitive().isNumber()
            && value.getAsString().equals("NaN"));
  }
}
