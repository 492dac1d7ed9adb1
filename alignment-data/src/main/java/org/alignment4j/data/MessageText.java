package org.alignment4j.data;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Lists of messages that stand in a file as text: JSON in a cell of CSV, or what Python writes for
 * a list. As text they would be learned from with all their brackets.
 */
final class MessageText {
  /** How a list of messages begins, whoever wrote it. */
  private static final Pattern BEGINNING =
      Pattern.compile(
          "\\s*(?:array\\()?[\\[(]\\s*(?:dict\\()?\\{\\s*[uU]?(['\"])(?:role|content|from|value)\\1\\s*:.*",
          Pattern.DOTALL);

  private static final Pattern LIST =
      Pattern.compile("\\s*\\[\\s*\\{\\s*[uU]?['\"].*", Pattern.DOTALL);

  private MessageText() {}

  /**
   * The list that a value is as text; any other value as it is, code that an answer consists of
   * included.
   *
   * @param name the value's key, for messages
   * @throws BadRow if it begins as a list of messages, and is none that can be read
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
