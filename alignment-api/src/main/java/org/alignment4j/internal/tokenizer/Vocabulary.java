package org.alignment4j.internal.tokenizer;

import static org.alignment4j.internal.text.Shown.quoted;

import java.util.HashMap;
import java.util.Map;

/** The tokens of a GGUF file, with their types and scores. Immutable. */
final class Vocabulary {
  static final String TOKENS = TokenizerMetadata.key("tokens");
  private static final String TYPES = TokenizerMetadata.key("token_type");
  private static final String SCORES = TokenizerMetadata.key("scores");

  /** Those in use have a few hundred characters. */
  private static final int MAX_LENGTH = 1 << 14;

  /** What a token is, by its number in the file; other numbers are taken as {@link #NORMAL}. */
  enum Type {
    NORMAL,
    UNKNOWN,
    CONTROL,
    USER_DEFINED,
    UNUSED,
    BYTE;

    private static Type of(int number) {
      return number >= 1 && number <= values().length ? values()[number - 1] : NORMAL;
    }
  }

  private final String[] tokens;
  private final int[] types;
  private final float[] scores;
  private final Map<String, Integer> ids;

  private Vocabulary(String[] tokens, int[] types, float[] scores, Map<String, Integer> ids) {
    this.tokens = tokens;
    this.types = types;
    this.scores = scores;
    this.ids = ids;
  }

  /**
   * @throws org.alignment4j.core.CheckpointException if there are no tokens, two are the same, one
   *     is longer than any in use, or the arrays differ in length
   */
  static Vocabulary read(TokenizerMetadata metadata) {
    String[] tokens = metadata.texts(TOKENS);
    if (tokens.length == 0) {
      throw metadata.error(TOKENS, "expected tokens, found none");
    }
    int[] types = metadata.ints(TYPES);
    float[] scores = metadata.floats(SCORES);
    requireLength(metadata, TYPES, types.length, tokens.length);
    requireLength(metadata, SCORES, scores.length, tokens.length);
    Map<String, Integer> ids = new HashMap<>(2 * tokens.length);
    for (int id = 0; id < tokens.length; id++) {
      if (tokens[id].length() > MAX_LENGTH) {
        throw metadata.error(
            TOKENS,
            "expected tokens of at most "
                + MAX_LENGTH
                + " characters, found one of "
                + tokens[id].length()
                + " at "
                + id);
      }
      if (tokens[id].isEmpty()) {
        tokens[id] = "[EMPTY_" + id + "]"; // what llama.cpp calls it
      }
      Integer other = ids.put(tokens[id], id);
      if (other != null) {
        throw metadata.error(
            TOKENS, "tokens " + other + " and " + id + " are both " + quoted(tokens[id]));
      }
    }
    return new Vocabulary(tokens, types, scores, ids);
  }

  private static void requireLength(
      TokenizerMetadata metadata, String key, int found, int expected) {
    if (metadata.has(key) && found != expected) {
      throw metadata.error(
          key, "expected " + expected + " values, as many as there are tokens, found " + found);
    }
  }

  int size() {
    return tokens.length;
  }

  String token(int id) {
    return tokens[id];
  }

  /** The id of a token, or -1. */
  int id(String token) {
    return ids.getOrDefault(token, -1);
  }

  /** Whether the file has types; without them every token is {@link Type#NORMAL}. */
  boolean typed() {
    return types.length > 0;
  }

  Type type(int id) {
    return typed() ? Type.of(types[id]) : Type.NORMAL;
  }

  boolean scored() {
    return scores.length > 0;
  }

  float score(int id) {
    return scored() ? scores[id] : 0;
  }

  /** The same with other spellings of some tokens, which no other token has. */
  Vocabulary respelled(Map<Integer, String> spellings) {
    String[] changed = tokens.clone();
    Map<String, Integer> changedIds = new HashMap<>(ids);
    spellings.forEach(
        (id, spelling) -> {
          changedIds.remove(changed[id]);
          changed[id] = spelling;
          changedIds.put(spelling, id);
        });
    return new Vocabulary(changed, types, scores, changedIds);
  }
}
