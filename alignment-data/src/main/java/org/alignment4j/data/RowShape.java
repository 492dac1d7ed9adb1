package org.alignment4j.data;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Collection;
import java.util.Map;

/** Describes an object that is not a row although a row was expected, for messages. */
final class RowShape {
  private RowShape() {}

  /**
   * Returns a hint on an object that contains rows, or columns; empty if it is neither.
   *
   * @param keys the keys of a row's texts
   */
  static String hint(JsonObject o, Collection<String> keys) {
    for (Map.Entry<String, JsonElement> entry : o.entrySet()) {
      JsonElement value = entry.getValue();
      if (keys.contains(entry.getKey()) && isColumn(value)) {
        return "; these are columns of many rows: write one object for each row (in pandas"
            + " orient=\"records\")";
      }
    }
    if (o.keySet().stream().anyMatch(keys::contains)) {
      return "";
    }
    for (Map.Entry<String, JsonElement> entry : o.entrySet()) {
      if (entry.getValue().isJsonArray()) {
        return "; rows inside of " + entry.getKey() + " are not looked for: write that list alone";
      }
    }
    return "";
  }

  /** Whether a value contains texts by number or in a list, as tables are written. */
  static boolean isColumn(JsonElement value) {
    if (value.isJsonObject()) {
      return value.getAsJsonObject().has("0");
    }
    return value.isJsonArray()
        && !value.getAsJsonArray().isEmpty()
        && value.getAsJsonArray().get(0).isJsonPrimitive();
  }
}
