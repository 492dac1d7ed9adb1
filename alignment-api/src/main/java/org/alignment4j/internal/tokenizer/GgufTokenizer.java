package org.alignment4j.internal.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.tensor.GgufCheckpoint;
import org.alignment4j.internal.text.Shown;
import org.alignment4j.internal.text.StrictJson;

/**
 * The tokenizer of a GGUF file in the form of a Hugging Face folder's files.
 *
 * <p>The models {@code gpt2}, byte-level BPE, and {@code llama}, SentencePiece's BPE, are known. A
 * file's {@code tokenizer.huggingface.json} is not used: few files have one, and llama.cpp runs
 * what the other keys say.
 */
public final class GgufTokenizer {
  private static final List<String> MODELS = List.of("gpt2", "llama");

  private GgufTokenizer() {}

  /**
   * The texts of {@code tokenizer.json}, {@code tokenizer_config.json}, {@code
   * generation_config.json}, and {@code chat_template.jinja} if there is a template, by these
   * names. The generation settings have every id that ends a response.
   *
   * @throws CheckpointException if the file has no tokenizer or one that is not known, or a value
   *     is missing or wrong
   */
  public static Map<String, String> files(GgufCheckpoint file) {
    Path path = file.files().get(0);
    TokenizerMetadata metadata = new TokenizerMetadata(path, file.metadata());
    String model = metadata.text(TokenizerMetadata.MODEL);
    if (!MODELS.contains(model)) {
      throw metadata.error(
          TokenizerMetadata.MODEL,
          "expected one of "
              + String.join(", ", MODELS)
              + ", found "
              + (model.isEmpty() ? "none" : Shown.quoted(model)));
    }
    Vocabulary vocabulary = Vocabulary.read(metadata);
    Map<String, String> files = new LinkedHashMap<>();
    SpecialTokens special;
    if (model.equals("llama")) {
      special = SpecialTokens.read(metadata, vocabulary, true, true);
      files.put("tokenizer.json", SentencePieceTokenizer.json(metadata, vocabulary, special));
    } else {
      PreTokenizer preTokenizer = PreTokenizer.read(metadata);
      special = SpecialTokens.read(metadata, vocabulary, false, preTokenizer.addsBos());
      files.put(
          "tokenizer.json", ByteLevelTokenizer.json(metadata, vocabulary, special, preTokenizer));
    }
    files.put("tokenizer_config.json", StrictJson.pretty(settings(vocabulary, special)));
    files.put("generation_config.json", StrictJson.pretty(generation(special)));
    String template = template(metadata);
    if (!template.isBlank()) {
      files.put("chat_template.jinja", template);
    }
    return Collections.unmodifiableMap(files);
  }

  private static JsonObject settings(Vocabulary vocabulary, SpecialTokens special) {
    JsonObject settings = new JsonObject();
    settings.addProperty("tokenizer_class", "PreTrainedTokenizerFast");
    settings.addProperty("add_bos_token", special.addsBos());
    settings.addProperty("add_eos_token", special.addsEos());
    put(settings, "bos_token", special.bos(), vocabulary);
    put(settings, "eos_token", special.eos(), vocabulary);
    put(settings, "unk_token", special.unknown(), vocabulary);
    put(settings, "pad_token", special.pad(), vocabulary);
    settings.addProperty("clean_up_tokenization_spaces", false);
    return settings;
  }

  private static void put(JsonObject to, String name, OptionalInt id, Vocabulary vocabulary) {
    if (id.isPresent()) {
      to.addProperty(name, vocabulary.token(id.getAsInt()));
    }
  }

  private static JsonObject generation(SpecialTokens special) {
    JsonObject generation = new JsonObject();
    special.bos().ifPresent(id -> generation.addProperty("bos_token_id", id));
    JsonArray ends = new JsonArray();
    special.ends().forEach(ends::add);
    if (!ends.isEmpty()) {
      generation.add("eos_token_id", ends);
    }
    special.pad().ifPresent(id -> generation.addProperty("pad_token_id", id));
    return generation;
  }

  /** The default template; those with a name of their own are for other purposes. */
  private static String template(TokenizerMetadata metadata) {
    if (!metadata.has(TokenizerMetadata.TEMPLATE)
        && metadata.hasAny(TokenizerMetadata.TEMPLATE + ".")) {
      throw metadata.error(
          TokenizerMetadata.TEMPLATE, "there are chat templates, but the default one is missing");
    }
    return metadata.text(TokenizerMetadata.TEMPLATE);
  }
}
