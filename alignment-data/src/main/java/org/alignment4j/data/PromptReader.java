package org.alignment4j.data;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.alignment4j.data.Prompts.Format;
import org.alignment4j.data.Prompts.PromptRow.Label;
import org.alignment4j.data.RowSource.Row;
import org.alignment4j.internal.text.Shown;
import org.jspecify.annotations.Nullable;

/** Converts rows of prompt files to prompts. */
final class PromptReader {
  /** Keys of a prompt as text; the first one with a value is used. */
  static final List<String> PROMPT_KEYS =
      List.of(
          "prompt",
          "instruction",
          "question",
          "text",
          "goal",
          "forbidden_prompt",
          "query",
          "user_input",
          "messages",
          "conversations");

  /** All keys that are read, in lower case. */
  static final List<String> KEYS = keys();

  private static final List<String> LISTS = List.of("messages", "conversations");

  private PromptReader() {}

  private static List<String> keys() {
    List<String> keys = new ArrayList<>(PROMPT_KEYS);
    keys.addAll(List.of("input", "id", "type", "category", "label"));
    return List.copyOf(keys);
  }

  /** Returns the columns that are read of a known set. */
  static List<String> columns(Format format) {
    List<String> columns = new ArrayList<>(List.of("id", promptColumn(format)));
    columns.addAll(format == Format.XSTEST ? List.of("type", "label") : List.of("category"));
    return columns;
  }

  private static String promptColumn(Format format) {
    return switch (format) {
      case ADVBENCH, JAILBREAKBENCH -> "goal";
      case STRONGREJECT -> "forbidden_prompt";
      default -> "prompt";
    };
  }

  /**
   * @param row a row of a file in that format
   * @return its prompt, with an empty id if it has none
   */
  static Read read(Row row, Format format) throws BadRow {
    JsonObject o = row.fields();
    return switch (format) {
      case TEXT -> new Read("", text("prompt", o.get("prompt")), "", Label.UNKNOWN);
      case JSONL, CSV, PARQUET ->
          new Read(scalar(o, "id"), prompt(o), type(o), label(field(o, "label")));
      case XSTEST -> {
        String type = cell(o, "type");
        Label byType = type.startsWith("contrast_") ? Label.UNSAFE : Label.SAFE;
        yield known(o, format, type, cell(o, "label").isBlank() ? byType : label(o.get("label")));
      }
      case ADVBENCH -> known(o, format, cell(o, "category"), Label.UNSAFE);
      case JAILBREAKBENCH -> known(o, format, cell(o, "category"), Label.UNKNOWN);
      case STRONGREJECT -> known(o, format, cell(o, "category"), Label.UNSAFE);
      case OR_BENCH -> known(o, format, cell(o, "category"), Label.UNKNOWN);
    };
  }

  /**
   * A prompt as it is read.
   *
   * @param id empty if the source has none
   */
  record Read(String id, String prompt, String type, Label label) {}

  private static Read known(JsonObject o, Format format, String type, Label label) throws BadRow {
    String column = promptColumn(format);
    String prompt = filled("column " + column, prompt(column, o.get(column)));
    return new Read(cell(o, "id"), prompt, type, label);
  }

  private static String cell(JsonObject o, String column) {
    return o.has(column) ? o.get(column).getAsString() : "";
  }

  private static String prompt(JsonObject o) throws BadRow {
    String present = null;
    for (String key : PROMPT_KEYS) {
      JsonElement value = field(o, key);
      if (value == null) {
        continue;
      }
      if (JsonPreferences.isMissing(value)) {
        present = present == null ? key : present;
        continue;
      }
      return withInput(o, key, filled("the prompt", prompt(key, value, o)));
    }
    throw new BadRow(
        present == null
            ? "expected one of "
                + PROMPT_KEYS
                + ", found "
                + Shown.value(o.keySet())
                + RowShape.hint(o, PROMPT_KEYS)
            : present + " is not a string: found no value");
  }

  /** Appends Alpaca's separate input to the instruction. */
  private static String withInput(JsonObject o, String key, String prompt) throws BadRow {
    JsonElement input = key.equals("instruction") ? field(o, "input") : null;
    if (input == null || JsonPreferences.isMissing(input)) {
      return prompt;
    }
    String material = text("input", input);
    return material.isBlank() ? prompt : prompt + "\n\n" + material;
  }

  private static String prompt(String key, JsonElement value, JsonObject o) throws BadRow {
    try {
      return prompt(key, value);
    } catch (BadRow e) {
      throw new BadRow(e.reason() + RowShape.hint(o, PROMPT_KEYS));
    }
  }

  private static String prompt(String key, JsonElement value) throws BadRow {
    JsonElement unfolded = MessageText.unfolded(key, value);
    if (!unfolded.isJsonArray()) {
      if (LISTS.contains(key)) {
        throw new BadRow(
            "expected " + key + " as a list of messages, found " + JsonPreferences.kind(unfolded));
      }
      return text(key, unfolded);
    }
    JsonArray messages = unfolded.getAsJsonArray();
    if (!LISTS.contains(key) && messages.size() != 1) {
      throw new BadRow(
          key + " is a list of " + messages.size() + ": expected text, or one user message");
    }
    return firstUserMessage(key, messages);
  }

  private static String firstUserMessage(String key, JsonArray messages) throws BadRow {
    for (JsonElement message : messages) {
      if (!message.isJsonObject()) {
        throw new BadRow(
            "a message is not an object: found " + JsonPreferences.kind(message) + " in " + key);
      }
      JsonObject o = message.getAsJsonObject();
      // ShareGPT's names for role and content.
      boolean shared = !o.has("role") && o.has("from");
      JsonElement role = o.get(shared ? "from" : "role");
      if (role != null && List.of("user", "human").contains(text("role", role))) {
        String content = shared ? "value" : "content";
        JsonElement value = o.get(content);
        if (value == null) {
          throw new BadRow(
              "expected " + content + " in a message, found " + Shown.value(o.keySet()));
        }
        return text(content, value);
      }
    }
    throw new BadRow(key + " hold none with role user");
  }

  private static String filled(String name, String prompt) throws BadRow {
    if (prompt.isBlank()) {
      throw new BadRow(name + " is blank");
    }
    return prompt;
  }

  private static String text(String key, @Nullable JsonElement value) throws BadRow {
    if (value == null || !value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
      throw new BadRow(
          key
              + " is not a string: found "
              + (value == null ? "nothing" : JsonPreferences.kind(value)));
    }
    String text = value.getAsString();
    if (TextFile.hasLoneSurrogate(text)) {
      throw new BadRow(key + " holds half of a surrogate pair, which is no character");
    }
    return text;
  }

  /** Returns text, or a number as text; empty if there is none. */
  private static String scalar(JsonObject o, String key) throws BadRow {
    JsonElement value = field(o, key);
    if (value == null || JsonPreferences.isMissing(value)) {
      return "";
    }
    if (!value.isJsonPrimitive() || value.getAsJsonPrimitive().isBoolean()) {
      throw new BadRow(
          key + " is neither a string nor a number: found " + JsonPreferences.kind(value));
    }
    return value.getAsString();
  }

  /**
   * Returns the type, or else the category; of a list, all. Values that are not text are ignored.
   */
  private static String type(JsonObject o) {
    String type = words(field(o, "type"));
    return type.isEmpty() ? words(field(o, "category")) : type;
  }

  private static String words(@Nullable JsonElement value) {
    if (value == null || JsonPreferences.isMissing(value) || value.isJsonObject()) {
      return "";
    }
    if (value.isJsonPrimitive()) {
      return value.getAsString();
    }
    return String.join(
        ", ",
        StreamSupport.stream(value.getAsJsonArray().spliterator(), false)
            .map(PromptReader::words)
            .filter(word -> !word.isEmpty())
            .toList());
  }

  /** Returns the label; numbers and booleans are ignored, as their meaning differs between sets. */
  private static Label label(@Nullable JsonElement label) throws BadRow {
    if (label == null
        || !label.isJsonPrimitive()
        || !label.getAsJsonPrimitive().isString()
        || label.getAsString().isBlank()) {
      return Label.UNKNOWN;
    }
    return switch (label.getAsString().strip().toLowerCase(Locale.ROOT)) {
      case "safe", "benign", "harmless", "unharmful" -> Label.SAFE;
      case "unsafe", "harmful" -> Label.UNSAFE;
      case "unknown" -> Label.UNKNOWN;
      default ->
          throw new BadRow(
              "expected label safe, unsafe or unknown, found '" + label.getAsString() + "'");
    };
  }

  private static @Nullable JsonElement field(JsonObject o, String key) {
    if (o.has(key)) {
      return o.get(key);
    }
    for (Map.Entry<String, JsonElement> entry : o.entrySet()) {
      if (entry.getKey().equalsIgnoreCase(key)) {
        return entry.getValue();
      }
    }
    return null;
  }
}
