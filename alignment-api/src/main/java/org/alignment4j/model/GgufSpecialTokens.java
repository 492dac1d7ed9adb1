package org.alignment4j.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.tensor.GgufValue;
import org.alignment4j.internal.tensor.ModelFiles;
import org.jspecify.annotations.Nullable;

/** Ids of special tokens and the chat template of a folder, as GGUF files state them. */
final class GgufSpecialTokens {
  private static final String PREFIX = "tokenizer.ggml.";

  /** llama.cpp's names of tokens that end a text. */
  private static final List<String> ENDS = List.of("eos", "eot", "eom");

  private final Path folder;
  private final GgufVocabulary vocabulary;
  private final JsonObject settings;
  private final JsonObject config;
  private final Map<String, GgufValue> metadata = new LinkedHashMap<>();

  private GgufSpecialTokens(Path folder, GgufVocabulary vocabulary) {
    this.folder = folder;
    this.vocabulary = vocabulary;
    InputFile file = InputFile.checkpoint(folder.resolve("tokenizer_config.json"));
    this.settings = file.exists() ? file.json(InputFile.SETTINGS) : new JsonObject();
    this.config = ModelFiles.config(folder);
  }

  /**
   * The values by key.
   *
   * @param ends ids that end a text, of which three are kept
   */
  static Map<String, GgufValue> of(Path folder, GgufVocabulary vocabulary, Iterable<Integer> ends) {
    GgufSpecialTokens all = new GgufSpecialTokens(folder, vocabulary);
    for (String name : List.of("bos", "unknown", "padding")) {
      String key = name.equals("unknown") ? "unk" : name.equals("padding") ? "pad" : name;
      all.put(name, all.id(key));
    }
    all.ends(ends);
    all.additions();
    all.template();
    return all.metadata;
  }

  private void put(String name, @Nullable Integer id) {
    if (id != null) {
      metadata.put(PREFIX + name + "_token_id", GgufValue.ofUint32(id));
    }
  }

  private @Nullable String text(String key) {
    JsonElement value = settings.get(key);
    JsonElement content = value instanceof JsonObject object ? object.get("content") : value;
    return content instanceof JsonPrimitive p && p.isString() ? p.getAsString() : null;
  }

  /** The id that tokenizer_config.json states by its text, or config.json. */
  private @Nullable Integer id(String name) {
    Integer stated = vocabulary.addedIds().get(String.valueOf(text(name + "_token")));
    if (stated != null) {
      return stated;
    }
    return config.get(name + "_token_id") instanceof JsonPrimitive id
            && id.getAsString().matches("\\d{1,9}")
        ? Integer.valueOf(id.getAsString())
        : null;
  }

  private void ends(Iterable<Integer> ends) {
    List<Integer> ordered = new ArrayList<>();
    Integer first = id("eos");
    if (first != null) {
      ordered.add(first);
    }
    TreeSet<Integer> others = new TreeSet<>();
    ends.forEach(others::add);
    others.stream().filter(id -> !id.equals(first)).forEach(ordered::add);
    for (int i = 0; i < Math.min(ENDS.size(), ordered.size()); i++) {
      put(ENDS.get(i), ordered.get(i));
    }
  }

  /** Whether encoding a text puts special tokens at its ends. */
  private void additions() {
    JsonElement single = template(vocabulary.json().get("post_processor"));
    JsonArray items = single instanceof JsonArray array ? array : new JsonArray();
    addition("bos", items.isEmpty() ? null : special(items.get(0)));
    addition("eos", items.size() < 2 ? null : special(items.get(items.size() - 1)));
  }

  private void addition(String name, @Nullable String token) {
    boolean adds = token != null && token.equals(text(name + "_token"));
    if (settings.get("add_" + name + "_token") instanceof JsonPrimitive p && p.isBoolean()) {
      adds = p.getAsBoolean();
    }
    metadata.put(PREFIX + "add_" + name + "_token", GgufValue.ofBool(adds));
  }

  private static @Nullable JsonElement template(@Nullable JsonElement processor) {
    if (!(processor instanceof JsonObject p)) {
      return null;
    }
    if (p.get("processors") instanceof JsonArray all) {
      for (JsonElement each : all) {
        JsonElement found = template(each);
        if (found != null) {
          return found;
        }
      }
    }
    return p.get("single");
  }

  private static @Nullable String special(JsonElement item) {
    return item instanceof JsonObject o
            && o.get("SpecialToken") instanceof JsonObject token
            && token.get("id") instanceof JsonPrimitive id
        ? id.getAsString()
        : null;
  }

  /** The file takes precedence, as in transformers. */
  private void template() {
    InputFile file = InputFile.checkpoint(folder.resolve("chat_template.jinja"));
    if (file.exists()) {
      metadata.put("tokenizer.chat_template", GgufValue.of(file.text(InputFile.SETTINGS)));
      return;
    }
    JsonElement stated = settings.get("chat_template");
    if (stated instanceof JsonPrimitive text && text.isString()) {
      metadata.put("tokenizer.chat_template", GgufValue.of(text.getAsString()));
    } else if (stated instanceof JsonArray named) {
      List<String> others = new ArrayList<>();
      for (JsonElement e : named) {
        if (e instanceof JsonObject o
            && o.get("name") instanceof JsonPrimitive name
            && o.get("template") instanceof JsonPrimitive text) {
          boolean isDefault = name.getAsString().equals("default");
          if (!isDefault) {
            others.add(name.getAsString());
          }
          metadata.put(
              "tokenizer.chat_template" + (isDefault ? "" : "." + name.getAsString()),
              GgufValue.of(text.getAsString()));
        }
      }
      if (!others.isEmpty()) {
        metadata.put("tokenizer.chat_templates", GgufValue.ofTexts(others));
      }
    }
  }
}
