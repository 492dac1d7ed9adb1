package org.alignment4j.chat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Shown;
import org.jspecify.annotations.Nullable;

/**
 * What the files beside tokenizer.json say about its special tokens and its chat template.
 *
 * @param bos text of the beginning-of-sequence token, or empty
 * @param eos text of the end-of-sequence token, or empty
 * @param pad text of the padding token, or empty
 * @param named every token that the configuration names as special
 * @param byName texts of the special tokens by their names, such as {@code bos_token}
 * @param eosIds ids that config.json and generation_config.json call end-of-sequence
 * @param template Jinja source of the chat template, or empty
 * @param templateFile where the template was found
 */
record TokenizerSettings(
    String bos,
    String eos,
    String pad,
    Set<String> named,
    Map<String, String> byName,
    Set<Integer> eosIds,
    String template,
    Path templateFile) {

  /**
   * @throws CheckpointException if a file is there but cannot be read as JSON
   */
  static TokenizerSettings read(Path folder) {
    Path configFile = folder.resolve("tokenizer_config.json");
    JsonObject config = object(configFile);
    JsonObject map = object(folder.resolve("special_tokens_map.json"));
    Set<String> named = new LinkedHashSet<>();
    Map<String, String> byName = new LinkedHashMap<>();
    for (JsonObject source : new JsonObject[] {map, config}) {
      for (String key : source.keySet()) {
        if (key.endsWith("_token")) {
          String text = content(source.get(key));
          addIfPresent(named, text);
          byName.put(key, text);
        } else if (key.equals("additional_special_tokens") && source.get(key).isJsonArray()) {
          source.get(key).getAsJsonArray().forEach(e -> addIfPresent(named, content(e)));
        }
      }
    }
    if (config.get("added_tokens_decoder") instanceof JsonObject decoder) {
      for (String id : decoder.keySet()) {
        if (decoder.get(id) instanceof JsonObject token
            && content(token.get("special")).equals("true")) {
          addIfPresent(named, content(token));
        }
      }
    }
    byName.values().removeIf(String::isEmpty);
    byName.keySet().removeIf(key -> key.startsWith("add_")); // switches, such as add_bos_token
    Set<Integer> eosIds = new LinkedHashSet<>();
    for (String name : new String[] {"generation_config.json", "config.json"}) {
      Path file = folder.resolve(name);
      JsonElement value = object(file).get("eos_token_id");
      try {
        addIds(eosIds, value);
      } catch (RuntimeException e) {
        throw new CheckpointException(
            file
                + ": eos_token_id should be an integer or a list of them, found "
                + Shown.value(value),
            e);
      }
    }
    Path jinja = folder.resolve("chat_template.jinja");
    boolean separate = Files.isRegularFile(jinja);
    return new TokenizerSettings(
        token("bos_token", config, map),
        token("eos_token", config, map),
        token("pad_token", config, map),
        named,
        byName,
        eosIds,
        separate ? text(jinja) : template(config.get("chat_template"), configFile),
        separate ? jinja : configFile);
  }

  private static void addIfPresent(Set<String> set, String value) {
    if (!value.isEmpty()) {
      set.add(value);
    }
  }

  private static void addIds(Set<Integer> ids, @Nullable JsonElement value) {
    if (value == null || value.isJsonNull()) {
      return;
    }
    if (value.isJsonArray()) {
      value.getAsJsonArray().forEach(id -> ids.add(id.getAsInt()));
    } else {
      ids.add(value.getAsInt());
    }
  }

  private static String token(String key, JsonObject config, JsonObject map) {
    return content(config.has(key) ? config.get(key) : map.get(key));
  }

  /** A token given as its text or as an object with a {@code content}; empty if there is none. */
  private static String content(@Nullable JsonElement token) {
    if (token instanceof JsonObject object) {
      return content(object.get("content"));
    }
    return token == null || !token.isJsonPrimitive() ? "" : token.getAsString();
  }

  /** One template, or the one named {@code default} of several. */
  private static String template(@Nullable JsonElement value, Path file) {
    if (value == null || value.isJsonNull()) {
      return "";
    }
    if (value.isJsonPrimitive()) {
      return value.getAsString();
    }
    if (value instanceof JsonArray several) {
      for (JsonElement entry : several) {
        if (entry instanceof JsonObject named && content(named.get("name")).equals("default")) {
          return content(named.get("template"));
        }
      }
    }
    throw new CheckpointException(
        file + ": chat_template should be a text or a list with one named default");
  }

  private static JsonObject object(Path file) {
    if (!Files.isRegularFile(file)) {
      return new JsonObject();
    }
    try {
      JsonElement parsed = JsonParser.parseString(text(file));
      if (parsed.isJsonObject()) {
        return parsed.getAsJsonObject();
      }
    } catch (JsonParseException e) {
      throw new CheckpointException(file + " is not readable JSON: " + e.getMessage(), e);
    }
    throw new CheckpointException(file + " should hold a JSON object");
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new CheckpointException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
