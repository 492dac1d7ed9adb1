package org.alignment4j.internal.tokenizer;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The tokens that have a task of their own.
 *
 * @param bos the beginning-of-sequence token
 * @param eos the end-of-sequence token
 * @param unknown the token for text that is not in the vocabulary
 * @param pad the padding token
 * @param addsBos whether a text is to begin with {@code bos}
 * @param addsEos whether a text is to end with {@code eos}
 * @param ends all tokens that end a response, {@code eos} first
 */
record SpecialTokens(
    OptionalInt bos,
    OptionalInt eos,
    OptionalInt unknown,
    OptionalInt pad,
    boolean addsBos,
    boolean addsEos,
    Set<Integer> ends) {
  /**
   * Ends of a turn or text by their usual spelling, in the manner of llama.cpp: many files name
   * only the end of a document, not that of a turn.
   */
  private static final Set<String> ENDS =
      Set.of(
          "<|im_end|>",
          "<|eot_id|>",
          "<|eom_id|>",
          "<|eot|>",
          "<|end|>",
          "<|end_of_turn|>",
          "<|END_OF_TURN_TOKEN|>",
          "<end_of_turn>",
          "<end_of_utterance>",
          "<|endoftext|>",
          "<|end_of_text|>",
          "<\uFF5Cend\u2581of\u2581sentence\uFF5C>",
          "<EOT>",
          "[EOT]",
          "[EOS]",
          "</s>",
          "<eos>");

  private static final Pattern BRACKETED = Pattern.compile("<.+>|\\[.+]", Pattern.DOTALL);

  /**
   * @param sentencePiece whether the file's model has the ids 0, 1 and 2 for unknown text,
   *     beginning and end where no key names them, and texts begin with the beginning
   * @param bosByDefault whether texts begin with {@code bos} where the file does not say
   */
  static SpecialTokens read(
      TokenizerMetadata metadata,
      Vocabulary vocabulary,
      boolean sentencePiece,
      boolean bosByDefault) {
    OptionalInt bos = id(metadata, vocabulary, "bos", sentencePiece ? 1 : -1);
    OptionalInt eos = id(metadata, vocabulary, "eos", sentencePiece ? 2 : -1);
    OptionalInt unknown = id(metadata, vocabulary, "unknown", sentencePiece ? 0 : -1);
    OptionalInt pad = id(metadata, vocabulary, "padding", -1);
    Set<Integer> ends = new LinkedHashSet<>();
    eos.ifPresent(ends::add);
    for (int end : metadata.ids(TokenizerMetadata.key("eos_token_ids"), vocabulary.size())) {
      ends.add(end);
    }
    id(metadata, vocabulary, "eot", -1).ifPresent(ends::add);
    id(metadata, vocabulary, "eom", -1).ifPresent(ends::add);
    for (String spelling : ENDS.stream().sorted().toList()) {
      int end = vocabulary.id(spelling);
      if (end >= 0 && !isWord(vocabulary, end)) {
        ends.add(end);
      }
    }
    boolean addsBos = metadata.flag(TokenizerMetadata.key("add_bos_token"), bosByDefault);
    boolean addsEos = metadata.flag(TokenizerMetadata.key("add_eos_token"), false);
    bos = unlessText(vocabulary, bos);
    eos = unlessText(vocabulary, eos);
    return new SpecialTokens(
        bos,
        eos,
        unlessText(vocabulary, unknown),
        unlessText(vocabulary, pad),
        addsBos && bos.isPresent(),
        addsEos && eos.isPresent(),
        Collections.unmodifiableSet(ends));
  }

  /** Some files name an ordinary token, such as "!" for padding, which texts need. */
  private static OptionalInt unlessText(Vocabulary vocabulary, OptionalInt id) {
    return id.isPresent()
            && isWord(vocabulary, id.getAsInt())
            && !BRACKETED.matcher(vocabulary.token(id.getAsInt())).matches()
        ? OptionalInt.empty()
        : id;
  }

  /** The token that a key names; without the key that of the usual id, if it can be one. */
  private static OptionalInt id(
      TokenizerMetadata metadata, Vocabulary vocabulary, String name, int usual) {
    String key = TokenizerMetadata.key(name + "_token_id");
    if (metadata.has(key) || usual < 0 || usual >= vocabulary.size()) {
      return metadata.id(key, vocabulary.size());
    }
    return isWord(vocabulary, usual) ? OptionalInt.empty() : OptionalInt.of(usual);
  }

  /** A learned part of text is one, even if it is spelled like a control token. */
  private static boolean isWord(Vocabulary vocabulary, int id) {
    return vocabulary.typed() && vocabulary.type(id) == Vocabulary.Type.NORMAL;
  }

  /**
   * Whether a token is to be matched in text before the model runs, and is not part of what a
   * response says.
   */
  boolean isSpecial(Vocabulary vocabulary, int id) {
    return vocabulary.type(id) == Vocabulary.Type.CONTROL
        || is(bos, id)
        || is(eos, id)
        || is(unknown, id)
        || is(pad, id)
        || (ends.contains(id) && !isWord(vocabulary, id));
  }

  private static boolean is(OptionalInt token, int id) {
    return token.isPresent() && token.getAsInt() == id;
  }
}
