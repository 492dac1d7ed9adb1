package org.alignment4j.internal.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.alignment4j.internal.tokenizer.TokenizerJson.Parts;

/**
 * The tokenizer.json of the GGUF model {@code llama}: SentencePiece's BPE with bytes for characters
 * that are not in the vocabulary.
 */
final class SentencePieceTokenizer {
  /** What SentencePiece writes for a space. */
  private static final String SPACE = "\u2581";

  private static final String PREFIX = TokenizerMetadata.key("add_space_prefix");
  private static final String ONE_SPACE = TokenizerMetadata.key("remove_extra_whitespaces");
  private static final String NORMALISER = TokenizerMetadata.key("precompiled_charsmap");

  /** The added tokens of Phi-3 that keep the white space after them. */
  private static final Set<String> KEEPING = Set.of("<unk>", "<s>", "<|endoftext|>");

  private SentencePieceTokenizer() {}

  /**
   * @throws org.alignment4j.core.CheckpointException if the vocabulary has no scores, or the file
   *     asks for a normaliser of its own
   */
  static String json(TokenizerMetadata metadata, Vocabulary given, SpecialTokens special) {
    if (!given.scored()) {
      throw metadata.error(
          TokenizerMetadata.key("scores"), "expected the scores of the model llama, found none");
    }
    if (metadata.has(NORMALISER)) {
      throw metadata.error(NORMALISER, "a normaliser of the file's own is not supported");
    }
    Map<Integer, String> spaces = spaces(given);
    Vocabulary vocabulary = given.respelled(spaces);
    boolean prefix = metadata.flag(PREFIX, true);
    // In Mistral's third tokenizer, where this is a control token, only a text's start has one.
    int instruction = vocabulary.id("[INST]");
    boolean first = instruction >= 0 && vocabulary.type(instruction) == Vocabulary.Type.CONTROL;
    boolean strips = metadata.architecture().equals("phi3");
    boolean byScore = !metadata.architecture().startsWith("gemma");
    JsonObject settings = new JsonObject();
    settings.add("dropout", JsonNull.INSTANCE);
    if (special.unknown().isPresent()) {
      settings.addProperty("unk_token", vocabulary.token(special.unknown().getAsInt()));
    } else {
      settings.add("unk_token", JsonNull.INSTANCE);
    }
    settings.add("continuing_subword_prefix", JsonNull.INSTANCE);
    settings.add("end_of_word_suffix", JsonNull.INSTANCE);
    settings.addProperty("fuse_unk", true);
    settings.addProperty("byte_fallback", true);
    settings.addProperty("ignore_merges", false);
    Parts parts =
        new Parts(
            AddedTokens.of(
                vocabulary,
                special,
                spaces.keySet(),
                id -> strips && !KEEPING.contains(vocabulary.token(id))),
            normaliser(prefix && !first, metadata.flag(ONE_SPACE, false)),
            prefix && first ? prefixAtStart() : JsonNull.INSTANCE,
            TokenizerJson.around(vocabulary, special),
            decoder(prefix),
            settings);
    return TokenizerJson.write(
        parts, vocabulary, new PieceMerges(vocabulary, spaces.keySet(), byScore));
  }

  /**
   * Tokens of spaces that were defined by hand, which files hold as spaces, spelled as the model
   * sees them; without those that are in the vocabulary in this spelling too.
   */
  private static Map<Integer, String> spaces(Vocabulary vocabulary) {
    Map<Integer, String> spellings = new HashMap<>();
    for (int id = 0; id < vocabulary.size(); id++) {
      String token = vocabulary.token(id);
      if (vocabulary.type(id) == Vocabulary.Type.USER_DEFINED
          && token.chars().allMatch(c -> c == ' ')) {
        String spelling = SPACE.repeat(token.length());
        if (vocabulary.id(spelling) < 0) {
          spellings.put(id, spelling);
        }
      }
    }
    return spellings;
  }

  private static JsonElement normaliser(boolean prefix, boolean oneSpace) {
    JsonArray steps = new JsonArray();
    if (oneSpace) {
      steps.add(replace("Regex", "\\A +| +\\z", ""));
      steps.add(replace("Regex", " {2,}", " "));
    }
    if (prefix) {
      JsonObject prepend = step("Prepend");
      prepend.addProperty("prepend", SPACE);
      steps.add(prepend);
    }
    steps.add(replace("String", " ", SPACE));
    return sequence("normalizers", steps);
  }

  private static JsonObject prefixAtStart() {
    JsonObject prefix = step("Metaspace");
    prefix.addProperty("replacement", SPACE);
    prefix.addProperty("prepend_scheme", "first");
    prefix.addProperty("split", false);
    return prefix;
  }

  private static JsonObject decoder(boolean prefix) {
    JsonArray steps = new JsonArray();
    steps.add(replace("String", SPACE, " "));
    steps.add(step("ByteFallback"));
    steps.add(step("Fuse"));
    if (prefix) {
      JsonObject strip = step("Strip");
      strip.addProperty("content", " ");
      strip.addProperty("start", 1);
      strip.addProperty("stop", 0);
      steps.add(strip);
    }
    return sequence("decoders", steps);
  }

  private static JsonObject step(String type) {
    JsonObject step = new JsonObject();
    step.addProperty("type", type);
    return step;
  }

  private static JsonObject sequence(String name, JsonArray steps) {
    JsonObject sequence = step("Sequence");
    sequence.add(name, steps);
    return sequence;
  }

  private static JsonObject replace(String kind, String what, String by) {
    JsonObject pattern = new JsonObject();
    pattern.addProperty(kind, what);
    JsonObject step = step("Replace");
    step.add("pattern", pattern);
    step.addProperty("content", by);
    return step;
  }
}
