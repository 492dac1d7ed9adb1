package org.alignment4j.chat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Shown;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The special tokens and the chat template in the files next to tokenizer.json.
 *
 * @param bos text of the beginning-of-sequence token, or empty
 * @param eos text of the end-of-sequence token, or empty
 * @param pad text of the padding token, or empty
 * @param named all tokens that the configuration names as special
 * @param byName texts of the special tokens by their names, such as {@code bos_token}
 * @param declared all tokens that the configuration lists as added, special or not
 * @param eosIds end-of-sequence ids of config.json and generation_config.json
 * @param namedIds all token ids that these two files name, including beginning-of-sequence
 * @param template Jinja source of the chat template, or empty
 * @param templateFile the file of the template
 */
record TokenizerSettings(
    String bos,
    String eos,
    String pad,
    Set<String> named,
    Map<String, String> byName,
    Set<String> declared,
    Set<Integer> eosIds,
    Set<Integer> namedIds,
    String template,
    Path templateFile) {
  /** Maximum characters; the largest templates in use have about 20,000. */
  private static final int MAX_TEMPLATE = 1 << 18;

  private static final Logger LOG = LoggerFactory.getLogger(TokenizerSettings.class);

  /**
   * @throws CheckpointException if a file exists but is not valid JSON
   */
  static TokenizerSettings read(Path folder) {
    Path configFile = folder.resolve("tokenizer_config.json");
    JsonObject config = object(configFile);
    JsonObject map = object(folder.resolve("special_tokens_map.json"));
    Set<String> named = new LinkedHashSet<>();
    Map<String, String> byName = new LinkedHashMap<>();
    for (JsonObject source : new JsonObject[] {map, config}) {
      for (String key : source.keySet()) {
        if (key.startsWith("add_")) {
          continue; // a switch, such as add_bos_token, whose value is no token
        }
        if (key.endsWith("_token")) {
          String text = content(source.get(key));
          addIfPresent(named, text);
          byName.put(key, text);
          addAll(named, source.get(key));
        } else if (key.endsWith("_tokens")) {
          addAll(named, source.get(key));
        }
      }
    }
    Set<String> declared =
        new LinkedHashSet<>(object(folder.resolve("added_tokens.json")).keySet());
    if (config.get("added_tokens_decoder") instanceof JsonObject decoder) {
      for (String id : decoder.keySet()) {
        if (decoder.get(id) instanceof JsonObject token) {
          addIfPresent(declared, content(token));
          if (content(token.get("special")).equals("true")) {
            addIfPresent(named, content(token));
          }
        }
      }
    }
    byName.values().removeIf(String::isEmpty);
    Set<Integer> eosIds = new LinkedHashSet<>();
    Set<Integer> namedIds = new LinkedHashSet<>();
    for (String name : new String[] {"generation_config.json", "config.json"}) {
      Path file = folder.resolve(name);
      JsonObject model = object(file);
      addNamedIds(namedIds, model);
      if (model.get("text_config") instanceof JsonObject text) {
        addNamedIds(namedIds, text);
      }
      JsonElement value = model.get("eos_token_id");
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
    Path jinja = separateTemplate(folder);
    return new TokenizerSettings(
        token("bos_token", config, map),
        token("eos_token", config, map),
        token("pad_token", config, map),
        named,
        byName,
        declared,
        eosIds,
        namedIds,
        jinja != null ? template(jinja) : template(config.get("chat_template"), configFile),
        jinja != null ? jinja : configFile);
  }

  /**
   * The template's own file, which takes precedence over the configuration; null if there is none.
   *
   * @throws CheckpointException if there are template files, but not the default one
   */
  private static @Nullable Path separateTemplate(Path folder) {
    Path more = folder.resolve("additional_chat_templates");
    for (Path file :
        new Path[] {more.resolve("default.jinja"), folder.resolve("chat_template.jinja")}) {
      if (InputFile.checkpoint(file).exists()) {
        return file;
      }
    }
    if (InputFile.checkpoint(more).exists()) {
      InputFile.checkpoint(more).requireFolder();
      try (DirectoryStream<Path> named = Files.newDirectoryStream(more, "*.jinja")) {
        if (named.iterator().hasNext()) {
          throw new CheckpointException(
              more
                  + " has chat templates, but there is no default: chat_template.jinja is missing");
        }
      } catch (IOException e) {
        throw new CheckpointException("cannot read " + more + ": " + e.getMessage(), e);
      }
    }
    return null;
  }

  private static void addIfPresent(Set<String> set, String value) {
    if (!value.isEmpty()) {
      set.add(value);
    }
  }

  /** Adds the texts of a list of tokens; other values are ignored. */
  private static void addAll(Set<String> set, JsonElement tokens) {
    if (tokens instanceof JsonArray several) {
      several.forEach(token -> addIfPresent(set, content(token)));
    }
  }

  /** Adds an object's ids {@code eos_token_id} and the like. */
  private static void addNamedIds(Set<Integer> ids, JsonObject object) {
    for (String key : object.keySet()) {
      if (key.endsWith("_token_id") || key.endsWith("_token_ids")) {
        try {
          addIds(ids, object.get(key));
        } catch (RuntimeException e) {
          LOG.debug("{} is not a token id: {}", key, object.get(key));
        }
      }
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

  /** Reads a template file; an empty one, left by an interrupted download, is an error. */
  private static String template(Path jinja) {
    String text = InputFile.checkpoint(jinja).text(MAX_TEMPLATE);
    if (text.isBlank()) {
      throw new CheckpointException(jinja + ": expected a chat template, found an empty file");
    }
    return text;
  }

  /** The single template, or the one named {@code default} of several in a list or object. */
  private static String template(@Nullable JsonElement value, Path file) {
    if (value == null || value.isJsonNull()) {
      return "";
    }
    if (value.isJsonPrimitive()) {
      return bounded(value.getAsString(), file);
    }
    JsonElement found = null;
    if (value instanceof JsonArray several) {
      for (JsonElement entry : several) {
        if (entry instanceof JsonObject named && content(named.get("name")).equals("default")) {
          found = named.get("template");
        }
      }
    } else if (value instanceof JsonObject byName) {
      found = byName.get("default");
    }
    if (found == null || !found.isJsonPrimitive()) {
      throw new CheckpointException(
          file
              + ": chat_template should be a text, or several of which one is named default; found "
              + (value.isJsonObject()
                  ? value.getAsJsonObject().keySet()
                  : value.getAsJsonArray().size() + " without a default"));
    }
    return bounded(found.getAsString(), file);
  }

  private static String bounded(String template, Path file) {
    if (template.length() > MAX_TEMPLATE) {
      throw new CheckpointException(
          file
              + ": expected a chat template of at most "
              + MAX_TEMPLATE
              + " characters, found "
              + template.length());
    }
    return template;
  }

  private static JsonObject object(Path file) {
    if (!InputFile.checkpoint(file).exists()) {
      return new JsonObject();
    }
    return InputFile.checkpoint(file).json(InputFile.SETTINGS);
  }
}
