package org.alignment4j.chat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The spelling of a vocabulary: it maps a token to UTF-8 bytes.
 *
 * <p>A token's bytes depend on the token alone, so that equal sequences of tokens have equal bytes,
 * regardless of text, normaliser and pre-tokeniser. Bytes are represented as a string of characters
 * below 256.
 *
 * @param byteLevel whether every character of a token represents a byte, as in GPT-2
 * @param spaces characters that represent a space, such as U+2581
 * @param byteTokens whether tokens like {@code <0x0A>} represent one byte
 * @param continuation the prefix of a token that continues a word, {@code ##} with WordPiece; null
 *     if tokens do not mark word starts
 * @param wordEnd the suffix of a token that ends a word, or empty
 * @param unknown the token for text that is not in the vocabulary, or empty
 */
record Spelling(
    boolean byteLevel,
    Set<String> spaces,
    boolean byteTokens,
    @Nullable String continuation,
    String wordEnd,
    String unknown) {
  /** The byte that represents unknown text; it does not occur in UTF-8. */
  static final char UNKNOWN = '\u00ff';

  private static final int[] BYTE_OF = byteAlphabet();

  /**
   * @param parts normaliser, pre-tokeniser and decoder of a tokenizer.json
   * @param model its model, without the vocabulary
   * @param unknown the token for text that is not in the vocabulary, or empty
   */
  static Spelling of(List<JsonElement> parts, JsonObject model, String unknown) {
    boolean[] found = {false, text(model, "byte_fallback").equals("true")};
    Set<String> spaces = new HashSet<>();
    parts.forEach(part -> look(part, found, spaces));
    String prefix = text(model, "continuing_subword_prefix");
    // A word-level token is always a whole word.
    boolean words = readsWords(model) || !prefix.isEmpty();
    return new Spelling(
        found[0],
        Set.copyOf(spaces),
        found[1],
        words ? prefix : null,
        text(model, "end_of_word_suffix"),
        unknown);
  }

  /**
   * Whether the vocabulary has whole words only, so that one unknown letter makes the word unknown.
   */
  static boolean readsWords(JsonObject model) {
    String type = text(model, "type");
    return type.equals("WordPiece") || type.equals("WordLevel");
  }

  private static void look(JsonElement part, boolean[] found, Set<String> spaces) {
    if (part instanceof JsonArray several) {
      several.forEach(child -> look(child, found, spaces));
    } else if (part instanceof JsonObject object) {
      String content = text(object, "content");
      String pattern = object.get("pattern") instanceof JsonObject p ? text(p, "String") : "";
      switch (text(object, "type")) {
        case "ByteLevel" -> found[0] = true;
        case "ByteFallback" -> found[1] = true;
        case "Metaspace" -> {
          String mark = text(object, "replacement");
          spaces.add(mark.isEmpty() ? "\u2581" : mark);
        }
        case "Replace" -> {
          if (pattern.equals(" ") && !content.isBlank()) {
            spaces.add(content);
          } else if (content.equals(" ") && !pattern.isBlank()) {
            spaces.add(pattern);
          }
        }
        default ->
            object.entrySet().stream()
                .filter(entry -> entry.getValue().isJsonArray())
                .forEach(entry -> look(entry.getValue(), found, spaces));
      }
    }
  }

  static String text(JsonObject object, String key) {
    JsonElement value = object.get(key);
    return value == null || !value.isJsonPrimitive() ? "" : value.getAsString();
  }

  /**
   * @param token the token as spelled in the vocabulary
   * @param added whether it is an added token, whose spelling is its text
   */
  String bytes(String token, boolean added) {
    if (token.equals(unknown)) {
      return String.valueOf(UNKNOWN);
    }
    if (!added) {
      if (byteTokens && token.length() == 6 && token.startsWith("<0x") && token.endsWith(">")) {
        int value =
            Character.digit(token.charAt(3), 16) * 16 + Character.digit(token.charAt(4), 16);
        if (value >= 0) {
          return String.valueOf((char) value);
        }
      }
      if (byteLevel) {
        String bytes = fromByteAlphabet(token);
        if (bytes != null) {
          return bytes;
        }
      }
    }
    String text = token;
    if (continuation != null && !added) {
      boolean continues = !continuation.isEmpty() && text.startsWith(continuation);
      text = continues ? text.substring(continuation.length()) : " " + text;
    }
    if (!wordEnd.isEmpty() && text.endsWith(wordEnd)) {
      text = text.substring(0, text.length() - wordEnd.length()) + " ";
    }
    if (!byteLevel) {
      for (String space : spaces) {
        text = text.replace(space, " ");
      }
    }
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  /** The text of a token. */
  String text(String token) {
    byte[] bytes = bytes(token, false).getBytes(StandardCharsets.ISO_8859_1);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static @Nullable String fromByteAlphabet(String token) {
    StringBuilder bytes = new StringBuilder(token.length());
    for (int i = 0; i < token.length(); i++) {
      char c = token.charAt(i);
      int value = c < BYTE_OF.length ? BYTE_OF[c] : -1;
      if (value < 0) {
        return null;
      }
      bytes.append((char) value);
    }
    return bytes.toString();
  }

  /** The byte of each printable character that byte-level vocabularies use, by character. */
  private static int[] byteAlphabet() {
    int[] byteOf = new int[512];
    Arrays.fill(byteOf, -1);
    int next = 256;
    for (int value = 0; value < 256; value++) {
      byteOf[isPrintable(value) ? value : next++] = value;
    }
    return byteOf;
  }

  /** The character that represents each byte in byte-level vocabularies. */
  static String byteAlphabetText() {
    char[] characters = new char[256];
    for (char c = 0; c < BYTE_OF.length; c++) {
      if (BYTE_OF[c] >= 0) {
        characters[BYTE_OF[c]] = c;
      }
    }
    return new String(characters);
  }

  private static boolean isPrintable(int value) {
    return (value >= '!' && value <= '~')
        || (value >= 0xA1 && value <= 0xAC)
        || (value >= 0xAE && value <= 0xFF);
  }
}
