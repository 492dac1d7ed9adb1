package org.alignment4j.internal.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.text.Shown;
import org.alignment4j.internal.text.StrictJson;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a byte-level tokenizer cuts text before its merges, which a GGUF file only names. The steps
 * are those of the tokenizer.json that the models with this name were published with, which
 * llama.cpp approximates where its regular expressions lack a class of characters.
 *
 * @param normaliser a normaliser of tokenizer.json, or null in JSON
 * @param steps the pre-tokenisers of tokenizer.json
 * @param ignoreMerges whether a word of the vocabulary is a token whatever the merges say
 * @param addsBos whether texts begin with a beginning-of-sequence token if the file does not say
 */
record PreTokenizer(
    JsonElement normaliser, JsonArray steps, boolean ignoreMerges, boolean addsBos) {
  static final String KEY = TokenizerMetadata.key("pre");
  private static final String DEFAULT = "default";
  private static final String TABLE = "pre_tokenizers.json";
  private static final Logger LOG = LoggerFactory.getLogger(PreTokenizer.class);

  /**
   * @throws CheckpointException if the file names one that is not known
   */
  static PreTokenizer read(TokenizerMetadata metadata) {
    String name = metadata.text(KEY);
    if (name.isEmpty()) {
      LOG.warn(
          "{}",
          metadata
              .error(KEY, "none; text is cut as llama.cpp does it then, perhaps not as in training")
              .getMessage());
      name = DEFAULT;
    }
    List<String> known = new ArrayList<>();
    for (JsonElement element : table()) {
      JsonObject entry = element.getAsJsonObject();
      for (JsonElement other : entry.getAsJsonArray("names")) {
        if (other.getAsString().equals(name)) {
          return new PreTokenizer(
              Objects.requireNonNullElse(entry.get("normalizer"), JsonNull.INSTANCE),
              entry.getAsJsonArray("steps"),
              entry.has("ignore_merges"),
              entry.has("adds_bos"));
        }
        known.add(other.getAsString());
      }
    }
    throw metadata.error(
        KEY, "expected one of " + String.join(", ", known) + ", found " + Shown.quoted(name));
  }

  private static JsonArray table() {
    try (InputStream in = PreTokenizer.class.getResourceAsStream(TABLE)) {
      String text =
          new String(Objects.requireNonNull(in, TABLE).readAllBytes(), StandardCharsets.UTF_8);
      return StrictJson.value(text).getAsJsonArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
