package org.alignment4j.chat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.StrictJson;
import org.jspecify.annotations.Nullable;

/** A {@code tokenizer.json}: the parts that define control tokens. */
final class TokenizerFile {
  private static final String NAME = "tokenizer.json";

  /** The largest files in use have about 35 million bytes. */
  private static final long MAX_BYTES = 256L << 20;

  /**
   * A token matched in text before the tokenizer's model runs.
   *
   * @param lstrip whether it includes the white space on its left
   * @param rstrip whether it includes the white space on its right
   */
  record AddedToken(int id, String content, boolean special, boolean lstrip, boolean rstrip) {}

  private final Path file;
  private final String json;
  private final List<AddedToken> added;
  private final @Nullable String[] tokens;
  private final Set<Integer> addedIds;
  private final Parts parts;
  private final Spelling spelling;

  /** The parts of a tokenizer.json apart from its vocabulary. */
  private static final class Parts {
    final JsonObject model = new JsonObject();
    JsonElement normaliser = JsonNull.INSTANCE;
    JsonElement preTokeniser = JsonNull.INSTANCE;
    JsonElement decoder = JsonNull.INSTANCE;
  }

  private TokenizerFile(
      Path file, String json, List<AddedToken> added, @Nullable String[] tokens, Parts parts) {
    this.file = file;
    this.json = json;
    this.added = List.copyOf(added);
    this.addedIds = added.stream().map(AddedToken::id).collect(Collectors.toSet());
    this.tokens = tokens;
    this.parts = parts;
    this.spelling =
        Spelling.of(
            List.of(parts.normaliser, parts.preTokeniser, parts.decoder), parts.model, unknown());
  }

  /**
   * @throws CheckpointException if the file is missing, damaged or has no model
   */
  static TokenizerFile read(TokenizerTexts texts) {
    Path file = texts.file(NAME);
    if (!texts.has(NAME)) {
      throw new CheckpointException("no tokenizer: " + file + " does not exist" + instead(file));
    }
    try {
      return parse(file, texts.text(NAME, MAX_BYTES));
    } catch (CheckpointException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // Gson reports a value of the wrong type by half a dozen exception types.
      throw new CheckpointException(
          file + " is not a readable tokenizer.json: " + Reasons.of(e), e);
    }
  }

  /** Advice if the tokenizer is there in another form, which transformers converts to this one. */
  private static String instead(Path file) {
    List<String> found =
        Stream.of("tokenizer.model", "spiece.model", "vocab.json", "merges.txt", "tekken.json")
            .filter(name -> Files.isRegularFile(file.resolveSibling(name)))
            .toList();
    return found.isEmpty()
        ? ""
        : ", only "
            + String.join(", ", found)
            + "; make it with transformers:"
            + " AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)";
  }

  private static TokenizerFile parse(Path file, String json) throws IOException {
    List<AddedToken> added = new ArrayList<>();
    Map<Integer, String> byId = new HashMap<>();
    Parts parts = new Parts();
    boolean seen = false;
    try (JsonReader reader = StrictJson.reader(new StringReader(json))) {
      reader.beginObject();
      while (reader.hasNext()) {
        switch (reader.nextName()) {
          case "added_tokens" -> {
            for (JsonElement element : StrictJson.next(reader).getAsJsonArray()) {
              added.add(addedToken(element.getAsJsonObject()));
            }
          }
          case "model" -> {
            seen = true;
            readModel(reader, byId, parts.model);
          }
          case "normalizer" -> parts.normaliser = StrictJson.next(reader);
          case "pre_tokenizer" -> parts.preTokeniser = StrictJson.next(reader);
          case "decoder" -> parts.decoder = StrictJson.next(reader);
          default -> reader.skipValue();
        }
      }
      reader.endObject();
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw new CheckpointException(file + " has text after its end");
      }
    }
    if (!seen || byId.isEmpty()) {
      throw new CheckpointException(file + " has no vocabulary at model.vocab");
    }
    for (AddedToken token : added) {
      byId.put(token.id, token.content);
    }
    int size = byId.keySet().stream().mapToInt(Integer::intValue).max().orElse(-1) + 1;
    // Ids far beyond the number of tokens would waste memory.
    if (size > 64 * (byId.size() + 1024)) {
      throw new CheckpointException(
          file + " has token id " + (size - 1) + " but only " + byId.size() + " tokens");
    }
    @Nullable String[] tokens = new @Nullable String[size];
    byId.forEach(
        (id, token) -> {
          if (id < 0) {
            throw new CheckpointException(file + " has token " + token + " with the id " + id);
          }
          tokens[id] = token;
        });
    return new TokenizerFile(file, json, added, tokens, parts);
  }

  private static AddedToken addedToken(JsonObject token) {
    return new AddedToken(
        token.get("id").getAsInt(),
        token.get("content").getAsString(),
        flag(token, "special"),
        flag(token, "lstrip"),
        flag(token, "rstrip"));
  }

  private static boolean flag(JsonObject token, String name) {
    return token.has(name) && token.get(name).getAsBoolean();
  }

  private static void readModel(JsonReader reader, Map<Integer, String> byId, JsonObject settings)
      throws IOException {
    reader.beginObject();
    while (reader.hasNext()) {
      String name = reader.nextName();
      if (name.equals("vocab")) {
        readVocabulary(reader, byId::put);
      } else if (reader.peek() == JsonToken.BEGIN_ARRAY
          || reader.peek() == JsonToken.BEGIN_OBJECT) {
        reader.skipValue();
      } else {
        settings.add(name, StrictJson.next(reader));
      }
    }
    reader.endObject();
  }

  private static void readVocabulary(JsonReader reader, BiConsumer<Integer, String> entry)
      throws IOException {
    if (reader.peek() == JsonToken.BEGIN_OBJECT) {
      reader.beginObject();
      while (reader.hasNext()) {
        String token = reader.nextName();
        entry.accept(reader.nextInt(), token);
      }
      reader.endObject();
      return;
    }
    reader.beginArray();
    for (int id = 0; reader.hasNext(); id++) {
      reader.beginArray();
      entry.accept(id, reader.nextString());
      reader.skipValue();
      reader.endArray();
    }
    reader.endArray();
  }

  /** Whether a word prefix is added at the start of a text only, not after control tokens. */
  private static boolean prefixesFirstOnly(JsonElement element) {
    if (element.isJsonArray()) {
      for (JsonElement child : element.getAsJsonArray()) {
        if (prefixesFirstOnly(child)) {
          return true;
        }
      }
      return false;
    }
    if (!element.isJsonObject()) {
      return false;
    }
    JsonObject object = element.getAsJsonObject();
    JsonElement scheme = object.get("prepend_scheme");
    if (scheme != null && scheme.isJsonPrimitive() && scheme.getAsString().equals("first")) {
      return true;
    }
    return object.has("pretokenizers") && prefixesFirstOnly(object.get("pretokenizers"));
  }

  Path file() {
    return file;
  }

  /** The unchanged text of the file. */
  String json() {
    return json;
  }

  /** The added tokens in the file's order. */
  List<AddedToken> added() {
    return added;
  }

  /** The highest token id plus one. */
  int size() {
    return tokens.length;
  }

  /** The token with this id as spelled in the vocabulary, or null if there is none. */
  @Nullable String token(int id) {
    return id < tokens.length ? tokens[id] : null;
  }

  /** The id of a token, or -1. */
  int id(String token) {
    for (AddedToken candidate : added) {
      if (candidate.content.equals(token)) {
        return candidate.id;
      }
    }
    for (int id = 0; id < tokens.length; id++) {
      if (token.equals(tokens[id])) {
        return id;
      }
    }
    return -1;
  }

  /** Whether a word prefix is added at the start of a text only, not after control tokens. */
  boolean prefixesFirstOnly() {
    return prefixesFirstOnly(parts.preTokeniser);
  }

  /** Whether this is one of {@link #added()}. */
  boolean isAdded(int id) {
    return addedIds.contains(id);
  }

  /** The token for text that is not in the vocabulary, or empty. */
  String unknown() {
    if (parts.model.get("unk_id") instanceof JsonPrimitive id && id.isNumber()) {
      // Unigram refers to it by index.
      int index = id.getAsInt();
      String token = index < 0 || index >= tokens.length ? null : tokens[index];
      return token == null ? "" : token;
    }
    return Spelling.text(parts.model, "unk_token");
  }

  Spelling spelling() {
    return spelling;
  }

  /** A token's bytes; empty for ids without a token. */
  String bytes(int id) {
    String token = token(id);
    return token == null ? "" : spelling.bytes(token, isAdded(id));
  }

  /**
   * A tokenizer.json whose tokens, ids 0 to 255, are the bytes of a text as normalised by this
   * file; null if the tokens themselves show these bytes, which is so unless the vocabulary has
   * whole words only.
   */
  @Nullable String normaliserOnly() {
    if (parts.normaliser.isJsonNull() || !Spelling.readsWords(parts.model)) {
      return null;
    }
    JsonArray steps = new JsonArray();
    steps.add(parts.normaliser);
    spelling.spaces().forEach(space -> steps.add(replace(space)));
    JsonObject sequence = new JsonObject();
    sequence.addProperty("type", "Sequence");
    sequence.add("normalizers", steps);
    JsonObject vocabulary = new JsonObject();
    String alphabet = Spelling.byteAlphabetText();
    for (int value = 0; value < alphabet.length(); value++) {
      vocabulary.addProperty(alphabet.substring(value, value + 1), value);
    }
    JsonObject model = new JsonObject();
    model.addProperty("type", "BPE");
    model.add("vocab", vocabulary);
    model.add("merges", new JsonArray());
    JsonObject bytes = new JsonObject();
    bytes.addProperty("type", "ByteLevel");
    bytes.addProperty("add_prefix_space", false);
    bytes.addProperty("trim_offsets", false);
    bytes.addProperty("use_regex", false);
    JsonObject whole = new JsonObject();
    whole.addProperty("version", "1.0");
    whole.add("added_tokens", new JsonArray());
    whole.add("normalizer", sequence);
    whole.add("pre_tokenizer", bytes);
    whole.add("model", model);
    return whole.toString();
  }

  private static JsonObject replace(String space) {
    JsonObject pattern = new JsonObject();
    pattern.addProperty("String", space);
    JsonObject step = new JsonObject();
    step.addProperty("type", "Replace");
    step.add("pattern", pattern);
    step.addProperty("content", " ");
    return step;
  }

  /**
   * The file with other spellings of some tokens, see {@link TokenizerCopy}.
   *
   * @param renamed new spellings by old ones
   * @param prefixFirst false to switch off a word prefix that is added at the start of a text only
   */
  String renamed(Map<String, String> renamed, boolean prefixFirst) {
    return TokenizerCopy.renamed(json, renamed, prefixFirst);
  }
}
