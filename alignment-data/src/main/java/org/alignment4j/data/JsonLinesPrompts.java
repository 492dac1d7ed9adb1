package org.alignment4j.data;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.Shown;

/** Prompt sets as JSON Lines: one object a line. */
final class JsonLinesPrompts {
  private static final List<String> PROMPT_KEYS =
      List.of("prompt", "instruction", "question", "text");
  private static final Gson GSON =
      new GsonBuilder().disableHtmlEscaping().setStrictness(Strictness.STRICT).create();

  private JsonLinesPrompts() {}

  static List<PromptRow> read(Path file, String text) {
    List<PromptRow> rows = new ArrayList<>();
    // JSON escapes line breaks inside strings, so a raw one always ends the object.
    String[] lines = text.split("\n", -1);
    for (int i = 0; i < lines.length; i++) {
      if (!lines[i].isBlank()) {
        rows.add(row(file + ", line " + (i + 1), lines[i], rows.size()));
      }
    }
    return rows;
  }

  static String write(PromptRow row) {
    JsonObject o = new JsonObject();
    o.addProperty("id", row.id());
    o.addProperty("prompt", row.prompt());
    o.addProperty("type", row.type());
    o.addProperty("label", row.label().name().toLowerCase(Locale.ROOT));
    return GSON.toJson(o);
  }

  private static PromptRow row(String place, String line, int index) {
    JsonObject o = object(place, line);
    String prompt = prompt(place, o);
    if (prompt.isBlank()) {
      throw new BadDataException(place + ": the prompt is blank");
    }
    String id = scalar(place, o, "id");
    String type = scalar(place, o, "type");
    String label = scalar(place, o, "label");
    return new PromptRow(
        id.isBlank() ? Integer.toString(index) : id,
        prompt,
        type.isEmpty() ? scalar(place, o, "category") : type,
        label.isBlank() ? PromptLabel.UNKNOWN : Prompts.label(place, label));
  }

  private static JsonObject object(String place, String line) {
    try {
      JsonElement element = GSON.fromJson(line, JsonElement.class);
      if (element != null && element.isJsonObject()) {
        return element.getAsJsonObject();
      }
    } catch (JsonParseException e) {
      throw new BadDataException(place + ": not well-formed JSON: " + e.getMessage(), e);
    } catch (StackOverflowError e) {
      throw new BadDataException(place + ": JSON nested too deep", e);
    }
    throw new BadDataException(place + ": expected a JSON object, found another JSON value");
  }

  private static String prompt(String place, JsonObject o) {
    for (String key : PROMPT_KEYS) {
      if (o.has(key)) {
        String prompt = string(place, o, key);
        // Alpaca's form: the instruction's material stands apart.
        String input = key.equals("instruction") && o.has("input") ? string(place, o, "input") : "";
        return input.isBlank() ? prompt : prompt + "\n\n" + input;
      }
    }
    if (o.has("messages") && o.get("messages").isJsonArray()) {
      return firstUserMessage(place, o.getAsJsonArray("messages"));
    }
    throw new BadDataException(
        place
            + ": expected one of "
            + PROMPT_KEYS
            + " or messages, found "
            + Shown.value(o.keySet()));
  }

  private static String firstUserMessage(String place, JsonArray messages) {
    for (JsonElement message : messages) {
      if (!message.isJsonObject()) {
        throw new BadDataException(place + ": a message is not an object");
      }
      JsonObject o = message.getAsJsonObject();
      if (o.has("role") && string(place, o, "role").equals("user")) {
        return string(place, o, "content");
      }
    }
    throw new BadDataException(place + ": messages hold none with role user");
  }

  private static String string(String place, JsonObject o, String key) {
    JsonElement value = o.get(key);
    if (value == null || !value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
      throw new BadDataException(place + ": " + key + " is not a string");
    }
    return value.getAsString();
  }

  /** A string, or a number as text; empty if absent or null. */
  private static String scalar(String place, JsonObject o, String key) {
    JsonElement value = o.get(key);
    if (value == null || value.isJsonNull()) {
      return "";
    }
    if (!value.isJsonPrimitive() || value.getAsJsonPrimitive().isBoolean()) {
      throw new BadDataException(place + ": " + key + " is neither a string nor a number");
    }
    return value.getAsString();
  }
}
