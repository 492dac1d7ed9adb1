package org.alignment4j.internal.tokenizer;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.util.Set;
import org.alignment4j.internal.text.Shown;
import org.alignment4j.internal.tokenizer.TokenizerJson.Parts;

/** The tokenizer.json of the GGUF model {@code gpt2}: byte-level BPE with the file's merges. */
final class ByteLevelTokenizer {
  private static final String MERGES = TokenizerMetadata.key("merges");

  private ByteLevelTokenizer() {}

  /**
   * @throws org.alignment4j.core.CheckpointException if there are no merges, or one does not make a
   *     token of two others
   */
  static String json(
      TokenizerMetadata metadata,
      Vocabulary vocabulary,
      SpecialTokens special,
      PreTokenizer preTokenizer) {
    if (!metadata.has(MERGES)) {
      throw metadata.error(MERGES, "expected the merges of the model gpt2, found none");
    }
    String[] merges = metadata.texts(MERGES);
    JsonObject settings = new JsonObject();
    settings.add("dropout", JsonNull.INSTANCE);
    settings.add("unk_token", JsonNull.INSTANCE);
    settings.add("continuing_subword_prefix", JsonNull.INSTANCE);
    settings.add("end_of_word_suffix", JsonNull.INSTANCE);
    settings.addProperty("fuse_unk", false);
    settings.addProperty("byte_fallback", false);
    settings.addProperty("ignore_merges", preTokenizer.ignoreMerges());
    JsonObject steps = new JsonObject();
    steps.addProperty("type", "Sequence");
    steps.add("pretokenizers", preTokenizer.steps());
    JsonObject decoder = new JsonObject();
    decoder.addProperty("type", "ByteLevel");
    decoder.addProperty("add_prefix_space", false);
    decoder.addProperty("trim_offsets", true);
    decoder.addProperty("use_regex", true);
    Parts parts =
        new Parts(
            AddedTokens.of(vocabulary, special, Set.of(), id -> false),
            preTokenizer.normaliser(),
            steps,
            TokenizerJson.around(vocabulary, special),
            decoder,
            settings);
    return TokenizerJson.write(
        parts,
        vocabulary,
        sink -> {
          for (int rank = 0; rank < merges.length; rank++) {
            String merge = merges[rank];
            int space = merge.indexOf(' ', 1);
            String left = space < 0 ? "" : merge.substring(0, space);
            String right = merge.substring(space + 1);
            if (vocabulary.id(left) < 0
                || vocabulary.id(right) < 0
                || vocabulary.id(left + right) < 0) {
              throw metadata.error(
                  MERGES,
                  "expected two tokens with a space between them that make a third one, found "
                      + Shown.quoted(merge)
                      + " at "
                      + rank);
            }
            sink.add(left, right);
          }
        });
  }
}
