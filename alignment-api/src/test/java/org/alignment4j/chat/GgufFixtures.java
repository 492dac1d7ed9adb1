package org.alignment4j.chat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.alignment4j.chat.ChatFixtures.Golden;
import org.alignment4j.internal.tensor.GgufFile;
import org.alignment4j.internal.tensor.GgufValue;
import org.alignment4j.internal.tensor.GgufWriter;

/** Small tokenizers in GGUF, written by examples/python/gguf_tokenizers.py, and changed ones. */
final class GgufFixtures {
  private GgufFixtures() {}

  static Path file(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(GgufFixtures.class.getResource("gguf/" + name), name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static JsonObject goldens() {
    return JsonParser.parseString(ChatFixtures.resource("gguf/goldens.json")).getAsJsonObject();
  }

  static List<String> texts() {
    return goldens().getAsJsonArray("texts").asList().stream()
        .map(JsonElement::getAsString)
        .toList();
  }

  /** A copy of a file with other metadata. */
  static Path changed(Path from, Path to, Consumer<Map<String, GgufValue>> change) {
    try (GgufFile file = GgufFile.open(from)) {
      Map<String, GgufValue> metadata = new LinkedHashMap<>(file.metadata());
      change.accept(metadata);
      GgufWriter.write(to, file.version(), metadata, List.of());
    }
    return to;
  }

  /** A tokenizer of these files with a family's template. */
  static ChatTokenizer load(Path folder, String name, Golden golden) {
    Path file = folder.resolve(golden.name() + " " + name);
    return ChatTokenizer.load(
        changed(
            file(name),
            file,
            metadata -> {
              List<String> tokens = tokens(metadata);
              metadata.put("tokenizer.chat_template", GgufValue.of(golden.template()));
              name(metadata, "bos", tokens.indexOf(golden.bos()));
              name(metadata, "eos", tokens.indexOf(golden.eos()));
            }));
  }

  static List<String> tokens(Map<String, GgufValue> metadata) {
    return new ArrayList<>(
        List.of(Objects.requireNonNull(value(metadata, "tokenizer.ggml.tokens").strings())));
  }

  /** An array of strings. */
  static GgufValue strings(List<String> values) {
    ByteArrayOutputStream raw = new ByteArrayOutputStream();
    raw.writeBytes(little(12).putInt(8).putLong(values.size()).array());
    values.forEach(value -> raw.writeBytes(GgufValue.of(value).raw()));
    return new GgufValue(GgufValue.Type.ARRAY, raw.toByteArray());
  }

  /** An array of INT32. */
  static GgufValue ints(int... values) {
    ByteBuffer raw = little(12 + 4 * values.length).putInt(5).putLong(values.length);
    raw.asIntBuffer().put(values);
    return new GgufValue(GgufValue.Type.ARRAY, raw.array());
  }

  static GgufValue flag(boolean value) {
    return new GgufValue(GgufValue.Type.BOOL, new byte[] {(byte) (value ? 1 : 0)});
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static GgufValue value(Map<String, GgufValue> metadata, String key) {
    return Objects.requireNonNull(metadata.get(key), key);
  }

  private static void name(Map<String, GgufValue> metadata, String token, int id) {
    String key = "tokenizer.ggml." + token + "_token_id";
    if (id < 0) {
      metadata.remove(key);
    } else {
      metadata.put(key, GgufValue.ofUint32(id));
    }
  }

  /** The ids of each text, as in the goldens. */
  static List<List<Integer>> ids(ChatTokenizer tokenizer, List<String> texts) {
    List<List<Integer>> all = new ArrayList<>();
    for (String text : texts) {
      List<Integer> row = new ArrayList<>();
      for (int id : tokenizer.encodeText(text)) {
        row.add(id);
      }
      all.add(row);
    }
    return all;
  }

  static List<List<Integer>> ids(JsonElement golden) {
    return golden.getAsJsonArray().asList().stream()
        .map(row -> row.getAsJsonArray().asList().stream().map(JsonElement::getAsInt).toList())
        .toList();
  }
}
