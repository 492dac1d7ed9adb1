package org.alignment4j.chat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Golden conversations made with Python, and model folders that combine their parts. */
final class ChatFixtures {
  static final List<String> TOKENIZERS = List.of("byte-level", "prepend", "metaspace");

  record Golden(
      String name, String format, String bos, String eos, String template, List<Case> cases) {
    @Override
    public String toString() {
      return name;
    }
  }

  record Case(
      Prompt prompt, boolean generation, @Nullable String text, Map<String, List<Integer>> ids) {}

  private ChatFixtures() {}

  /** Templates of known families, then others. */
  static List<Golden> goldens() {
    List<Golden> goldens = knownFamilies();
    goldens.addAll(goldens("template-goldens.json"));
    return goldens;
  }

  static List<Golden> knownFamilies() {
    return goldens("goldens.json");
  }

  private static List<Golden> goldens(String file) {
    List<Golden> goldens = new ArrayList<>();
    for (JsonElement element : JsonParser.parseString(resource(file)).getAsJsonArray()) {
      JsonObject golden = element.getAsJsonObject();
      List<Case> cases = new ArrayList<>();
      for (JsonElement child : golden.getAsJsonArray("cases")) {
        cases.add(golden(child.getAsJsonObject()));
      }
      goldens.add(
          new Golden(
              golden.get("name").getAsString(),
              golden.get("format").getAsString(),
              golden.get("bos").getAsString(),
              golden.get("eos").getAsString(),
              golden.get("template").getAsString(),
              cases));
    }
    return goldens;
  }

  static Golden golden(String name) {
    return goldens().stream().filter(g -> g.name().equals(name)).findFirst().orElseThrow();
  }

  private static Case golden(JsonObject object) {
    List<Message> messages = new ArrayList<>();
    for (JsonElement message : object.getAsJsonArray("messages")) {
      JsonArray pair = message.getAsJsonArray();
      messages.add(
          new Message(
              Role.valueOf(pair.get(0).getAsString().toUpperCase(Locale.ROOT)),
              pair.get(1).getAsString()));
    }
    Map<String, List<Integer>> ids = new TreeMap<>();
    if (object.has("ids")) {
      object
          .getAsJsonObject("ids")
          .asMap()
          .forEach(
              (name, array) ->
                  ids.put(
                      name,
                      array.getAsJsonArray().asList().stream()
                          .map(JsonElement::getAsInt)
                          .toList()));
    }
    return new Case(
        new Prompt(messages),
        object.get("generation").getAsBoolean(),
        object.has("text") ? object.get("text").getAsString() : null,
        ids);
  }

  /** A model folder with one of the small tokenizers and a family's template. */
  static ChatTokenizer load(Path parent, String tokenizer, Golden golden) {
    JsonObject config = new JsonObject();
    config.addProperty("bos_token", golden.bos());
    config.addProperty("eos_token", golden.eos());
    config.addProperty("chat_template", golden.template());
    return load(parent, tokenizer, config);
  }

  static ChatTokenizer load(Path parent, String tokenizer, JsonObject config) {
    return ChatTokenizer.load(folder(parent, tokenizer, config));
  }

  static Path folder(Path parent, String tokenizer, JsonObject config) {
    try {
      Path folder = Files.createTempDirectory(parent, tokenizer);
      Files.writeString(folder.resolve("tokenizer.json"), resource(tokenizer + "/tokenizer.json"));
      Files.writeString(folder.resolve("tokenizer_config.json"), config.toString());
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String resource(String name) {
    try (InputStream in = ChatFixtures.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalArgumentException("no test resource " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
