package org.alignment4j.data.synthesis;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Set;
import org.alignment4j.internal.text.StrictJson;

/** Reads properties of models' JSON answers; error messages go back to the model in a retry. */
final class JsonFields {
  private JsonFields() {}

  static JsonElement of(JsonObject o, String key) {
    JsonElement value = o.get(key);
    require(value != null, "%s is missing", key);
    return value == null ? new JsonObject() : value;
  }

  static boolean isNumber(JsonElement value) {
    return value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber();
  }

  static String text(JsonObject o, String key) {
    JsonElement value = of(o, key);
    require(
        value.isJsonPrimitive() && value.getAsJsonPrimitive().isString(), "%s must be text", key);
    return value.getAsString();
  }

  static boolean truth(JsonObject o, String key) {
    JsonElement value = of(o, key);
    require(
        value.isJsonPrimitive() && value.getAsJsonPrimitive().isBoolean(),
        "%s must be true or false",
        key);
    return value.getAsBoolean();
  }

  /** Returns a schema with the allowed values of a property. */
  static String schema(String schema, String property, Set<String> values) {
    JsonObject o = StrictJson.object(schema);
    JsonArray array = new JsonArray();
    values.forEach(array::add);
    o.getAsJsonObject("properties").getAsJsonObject(property).add("enum", array);
    return o.toString();
  }
}
