package org.alignment4j.data;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Lists of messages that a file contains as text: JSON in a cell of CSV, or a Python list. Used as
 * text, a model would learn their brackets.
 */
final class MessageText {
  /** The start of a list of messages, as JSON or Python write it. */
  private static final Pattern BEGINNING =
      Pattern.compile(
          "\\s*(?:array\\()?[\\[(]\\s*(?:dict\\()?\\{\\s*[uU]?(['\"])(?:role|content|from|value)\\1\\s*:.*",
          Pattern.DOTALL);

  private static final Pattern LIST =
      Pattern.compile("\\s*\\[\\s*\\{\\s*[uU]?['\"].*", Pattern.DOTALL);

  private MessageText() {}

  /**
   * Parses a value that is a list of messages as text; returns any other value unchanged, such as a
   * response that is code.
   *
   * @param name the value's key, for error messages
   * @throws BadRow if it starts like a list of messages but cannot be parsed as one
   */
  static JsonElement unfolded(String name, JsonElement value) throws BadRow {
    if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
      return value;
    }
    String text = value.getAsString();
    boolean begins = BEGINNING.matcher(text).matches();
    if (!begins && !LIST.matcher(text).matches()) {
      return value;
    }
    JsonElement list = parsed(text);
    if (list != null && isMessages(list)) {
      return list;
    }
    if (begins) {
      throw new BadRow(
          name
              + " begins as a list of messages written as text, and cannot be read as one: expected"
              + " JSON, or what Python writes, with role and content in each message");
    }
    return value;
  }

  private static @Nullable JsonElement parsed(String text) {
    try {
      return PythonJson.parse(text, key -> true);
    } catch (BadRow noJson) {
      try {
        return PythonLiteral.parse(text);
      } catch (BadRow neither) {
        return null;
      }
    }
  }

  private static boolean isMessages(JsonElement list) {
    if (!list.isJsonArray() || list.getAsJsonArray().isEmpty()) {
      return false;
    }
    for (JsonElement element : list.getAsJsonArray()) {
      if (!element.isJsonObject()) {
        return false;
      }
      JsonObject message = element.getAsJsonObject();
      if (!message.has("role") || !message.has("content")) {
        return false;
      }
    }
    return true;
  }
}
