package org.alignment4j.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.tensor.GgufValue;
import org.alignment4j.internal.text.Shown;
import org.jspecify.annotations.Nullable;

/**
 * A tokenizer.json as GGUF files state it: byte-level BPE as {@code gpt2} with its merges, BPE with
 * byte fallback, as made from SentencePiece, as {@code llama} with scores.
 */
final class GgufVocabulary {
  private static final long MAX_BYTES = 256L << 20;
  private static final String SPACE = "\u2581";

  /** Numbers of llama.cpp's token types. */
  private static final int NORMAL = 1;

  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;
  private static final int BYTE = 6;

  private final Path path;
  private final JsonObject json;
  private final JsonObject model;
  private final String[] tokens;
  private final int[] types;
  private final Map<String, Integer> addedIds = new LinkedHashMap<>();

  private GgufVocabulary(Path path, JsonObject json, int size) {
    this.path = path;
    this.json = json;
    this.model = object(json.get("model"), "model");
    this.tokens = new String[size];
    this.types = new int[size];
    fill();
  }

  /**
   * Reads a tokenizer.
   *
   * @param path of tokenizer.json
   * @param size V, the rows of the embeddings
   * @throws CheckpointException if the file is damaged or has more tokens
   * @throws UnsupportedArchitectureException if it is of another kind
   */
  static GgufVocabulary read(Path path, int size) {
    return new GgufVocabulary(path, InputFile.checkpoint(path).json(MAX_BYTES), size);
  }

  /** The whole file. */
  JsonObject json() {
    return json;
  }

  /** The ids of added tokens by their texts. */
  Map<String, Integer> addedIds() {
    return addedIds;
  }

  /** Kind, tokens, types, and merges or scores, by key. */
  Map<String, GgufValue> metadata() {
    Map<String, GgufValue> all = new LinkedHashMap<>();
    JsonElement kind = model.get("type");
    if (kind != null && !kind.equals(new JsonPrimitive("BPE"))) {
      throw unsupported("a model of type " + Shown.quoted(kind));
    }
    GgufPreTokenizer pre = GgufPreTokenizer.of(path, json, isSet(model, "ignore_merges"));
    all.put("tokenizer.ggml.model", GgufValue.of(pre.byteLevel() ? "gpt2" : "llama"));
    all.put("tokenizer.ggml.pre", GgufValue.of(pre.name()));
    all.put("tokenizer.ggml.tokens", GgufValue.ofTexts(Arrays.asList(tokens)));
    if (!pre.byteLevel()) {
      requireBytes();
      all.put("tokenizer.ggml.scores", GgufValue.ofFloat32s(scores()));
    }
    all.put("tokenizer.ggml.token_type", GgufValue.ofInt32s(types));
    if (pre.byteLevel()) {
      List<String> texts = new ArrayList<>();
      merges()
          .forEach(m -> texts.add(m[0].replace(' ', '\u0120') + " " + m[1].replace(' ', '\u0120')));
      all.put("tokenizer.ggml.merges", GgufValue.ofTexts(texts));
    } else {
      all.put("tokenizer.ggml.add_space_prefix", GgufValue.ofBool(pre.addsSpace()));
    }
    return all;
  }

  private void fill() {
    object(model.get("vocab"), "vocab")
        .entrySet()
        .forEach(e -> put(e.getKey(), e.getValue(), NORMAL));
    JsonElement unknown = model.get("unk_token");
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] != null && tokens[i].matches("<0x[0-9A-Fa-f]{2}>")) {
        types[i] = BYTE;
      }
    }
    if (json.get("added_tokens") instanceof JsonArray added) {
      for (JsonElement e : added) {
        JsonObject token = object(e, "added_tokens");
        JsonElement text = token.get("content");
        if (!(text instanceof JsonPrimitive content && content.isString())) {
          throw wrong("added_tokens have no content");
        }
        boolean control = isSet(token, "special") || looksSpecial(content.getAsString());
        int id =
            put(
                control ? content.getAsString() : content.getAsString().replace(SPACE, " "),
                token.get("id"),
                control ? CONTROL : USER_DEFINED);
        addedIds.put(content.getAsString(), id);
      }
    }
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] == null) {
        tokens[i] = "[PAD" + i + "]";
        types[i] = UNUSED;
      } else if (unknown instanceof JsonPrimitive u && u.getAsString().equals(tokens[i])) {
        types[i] = UNKNOWN;
      }
    }
  }

  private int put(String text, @Nullable JsonElement number, int type) {
    if (!(number instanceof JsonPrimitive n && n.getAsString().matches("\\d{1,9}"))) {
      throw wrong("token " + Shown.quoted(text) + " has no id");
    }
    int id = Integer.parseInt(n.getAsString());
    if (id >= tokens.length) {
      throw wrong(
          "token "
              + Shown.quoted(text)
              + " has id "
              + id
              + ", the model's embeddings have "
              + tokens.length
              + " rows");
    }
    tokens[id] = text;
    types[id] = type;
    return id;
  }

  /** Tokens that are control tokens although some tokenizers do not mark them so. */
  private static boolean looksSpecial(String text) {
    return text.matches(
        "<pad>|<mask>|<2mass>|\\[@BOS@\\]|<unused.*>|(?s)<\\|.*\\|>|(?s)<\uFF5C.*\uFF5C>");
  }

  private List<String[]> merges() {
    List<String[]> all = new ArrayList<>();
    if (!(model.get("merges") instanceof JsonArray merges)) {
      throw wrong("no merges");
    }
    for (JsonElement merge : merges) {
      if (merge instanceof JsonArray pair && pair.size() == 2) {
        all.add(new String[] {pair.get(0).getAsString(), pair.get(1).getAsString()});
      } else if (merge instanceof JsonPrimitive text && text.getAsString().indexOf(' ') > 0) {
        all.add(text.getAsString().split(" ", 2));
      } else {
        throw wrong("a merge is no pair: " + Shown.value(merge));
      }
    }
    return all;
  }

  /** llama.cpp ends the process if a text needs one that is not there. */
  private void requireBytes() {
    Set<String> all = new HashSet<>(Arrays.asList(tokens));
    for (int i = 0; i < 256; i++) {
      if (!all.contains(String.format(Locale.ROOT, "<0x%02X>", i))) {
        throw unsupported("BPE that is not byte-level and has no token of every byte");
      }
    }
  }

  /** llama.cpp merges the pair whose token has the highest score: the earlier, the higher. */
  private float[] scores() {
    Map<String, Integer> ranks = new LinkedHashMap<>();
    for (String[] merge : merges()) {
      ranks.putIfAbsent(merge[0] + merge[1], ranks.size());
    }
    float[] scores = new float[tokens.length];
    for (int i = 0; i < scores.length; i++) {
      Integer rank = ranks.get(tokens[i]);
      boolean added = types[i] == CONTROL || types[i] == USER_DEFINED || types[i] == UNUSED;
      scores[i] = added ? -1000 : rank == null ? 0 : -(float) rank;
    }
    return scores;
  }

  private static boolean isSet(JsonObject in, String key) {
    return new JsonPrimitive(true).equals(in.get(key));
  }

  private JsonObject object(@Nullable JsonElement value, String what) {
    if (value instanceof JsonObject object) {
      return object;
    }
    throw wrong("no " + what);
  }

  private CheckpointException wrong(String what) {
    return new CheckpointException(path + ": " + what);
  }

  private UnsupportedArchitectureException unsupported(String what) {
    return new UnsupportedArchitectureException(
        path + ": " + what + " cannot be written as a tokenizer in GGUF");
  }
}
