package org.alignment4j.adapter;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Predicate;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.Shown;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object in an untrusted file, with typed access to its members.
 *
 * @param path the file, for messages
 * @param json its content
 */
record JsonFile(Path path, JsonObject json) {

  /**
   * Reads a whole file.
   *
   * @throws CheckpointException if it cannot be read or does not hold a JSON object
   */
  static JsonFile read(Path path) {
    return new JsonFile(path, InputFile.checkpoint(path).json(InputFile.SETTINGS));
  }

  /** The member, or null if it is absent or null. */
  @Nullable JsonElement get(String key) {
    JsonElement e = json.get(key);
    return e == null || e.isJsonNull() ? null : e;
  }

  /** A required string. */
  String text(String key) {
    return primitive(key, "a string", JsonPrimitive::isString).getAsString();
  }

  /** A required finite number. */
  double number(String key) {
    double value = primitive(key, "a number", JsonPrimitive::isNumber).getAsDouble();
    if (!Double.isFinite(value)) {
      throw wrong(key, "a finite number");
    }
    return value;
  }

  /** A required whole number from 1 to 2^31 - 1. */
  int count(String key) {
    double value = number(key);
    if (value != Math.rint(value) || value < 1 || value > Integer.MAX_VALUE) {
      throw wrong(key, "a whole number >= 1");
    }
    return (int) value;
  }

  private JsonPrimitive primitive(String key, String expected, Predicate<JsonPrimitive> kind) {
    JsonElement e = get(key);
    if (e == null || !e.isJsonPrimitive() || !kind.test(e.getAsJsonPrimitive())) {
      throw wrong(key, expected);
    }
    return e.getAsJsonPrimitive();
  }

  /** Whether the member enables nothing: absent, null, false, empty or a number. */
  boolean isUnset(String key) {
    JsonElement e = get(key);
    return e == null
        || (e.isJsonArray() && e.getAsJsonArray().isEmpty())
        || (e.isJsonObject() && e.getAsJsonObject().isEmpty())
        || e.equals(new JsonPrimitive(false))
        || e.equals(new JsonPrimitive(""))
        || (e.isJsonPrimitive() && e.getAsJsonPrimitive().isNumber());
  }

  /** The members that are not null, numbers as doubles. */
  @SuppressWarnings("unchecked")
  Map<String, Object> toMap() {
    JsonObject present = new JsonObject();
    json.keySet().stream().filter(k -> get(k) != null).forEach(k -> present.add(k, json.get(k)));
    try {
      return new Gson().fromJson(present, Map.class);
    } catch (JsonParseException | NumberFormatException e) {
      throw new CheckpointException("cannot read " + path + ": " + Reasons.of(e), e);
    }
  }

  /** The error for a member with an invalid value. */
  CheckpointException wrong(String key, String expected) {
    return new CheckpointException(
        path + ": " + key + ": expected " + expected + ", found " + shown(json.get(key)));
  }

  /** A member's value as shown in messages. */
  static String shown(@Nullable JsonElement value) {
    return Shown.value(value == null ? "none" : value);
  }
}
