package org.alignment4j.examples.cli.output;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.Map;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.internal.text.Shown;
import org.alignment4j.internal.text.StrictJson;
import org.jspecify.annotations.Nullable;

/**
 * Writes maps, lists, rates, strings, numbers and booleans as JSON; NaN and infinity become null.
 */
public final class Json {
  private Json() {}

  public static String text(Map<String, ?> value) {
    return visible(StrictJson.pretty(element(value)));
  }

  /** Returns the JSON on one line. */
  public static String line(Map<String, ?> value) {
    return visible(element(value).toString());
  }

  /**
   * Escapes terminal control characters that Gson leaves as they are; they occur in strings only.
   */
  private static String visible(String json) {
    StringBuilder text = new StringBuilder(json.length());
    for (int i = 0; i < json.length(); i++) {
      char c = json.charAt(i);
      text.append(Shown.isHidden(c) && c != '\n' ? Shown.escape(c) : c);
    }
    return text.toString();
  }

  private static JsonElement element(@Nullable Object value) {
    if (value == null) {
      return JsonNull.INSTANCE;
    } else if (value instanceof JsonElement json) {
      return json;
    } else if (value instanceof Map<?, ?> map) {
      JsonObject object = new JsonObject();
      map.forEach((k, v) -> object.add(String.valueOf(k), element(v)));
      return object;
    } else if (value instanceof Iterable<?> values && !(value instanceof java.nio.file.Path)) {
      JsonArray array = new JsonArray();
      values.forEach(v -> array.add(element(v)));
      return array;
    } else if (value instanceof Rate rate) {
      return element(rate.toMap());
    } else if (value instanceof Double || value instanceof Float) {
      double number = ((Number) value).doubleValue();
      return Double.isFinite(number) ? new JsonPrimitive((Number) value) : JsonNull.INSTANCE;
    } else if (value instanceof Number number) {
      return new JsonPrimitive(number);
    } else if (value instanceof Boolean flag) {
      return new JsonPrimitive(flag);
    }
    return new JsonPrimitive(value.toString());
  }
}
