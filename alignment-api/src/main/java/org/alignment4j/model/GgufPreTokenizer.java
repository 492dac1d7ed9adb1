package org.alignment4j.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.internal.text.Shown;
import org.jspecify.annotations.Nullable;

/**
 * How a tokenizer splits text, by the name that llama.cpp has for it.
 *
 * @param name the value of {@code tokenizer.ggml.pre}
 * @param byteLevel whether tokens are of bytes, written as visible characters
 * @param addsSpace whether a space is put before a text, if not byte-level
 */
record GgufPreTokenizer(String name, boolean byteLevel, boolean addsSpace) {
  private static final String LETTERS =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}";
  private static final String REST =
      "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String CASED =
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+";
  private static final String UPPER =
      "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*";
  private static final String ENDING = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
  private static final String SLASHES =
      "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private static final String BYTES = "ByteLevel";
  private static final String BYTES_WITH_PATTERN = "ByteLevel with its pattern";

  /** Names by the steps of the pre-tokenizer. */
  private static final Map<List<String>, String> NAMES =
      Map.of(
          List.of(BYTES_WITH_PATTERN), "gpt-2",
          List.of("Digits", BYTES_WITH_PATTERN), "smollm",
          List.of(LETTERS + REST, BYTES), "qwen2",
          List.of(LETTERS + "{1,3}" + REST, BYTES), "dbrx",
          List.of(CASED + UPPER + "|\\p{N}" + SLASHES, BYTES), "tekken",
          List.of(CASED + ENDING + UPPER + ENDING + "|\\p{N}{1,3}" + SLASHES, BYTES), "gpt-4o");

  /**
   * @param tokenizer the content of tokenizer.json
   * @param ignoresMerges whether a piece that is a token is not merged from smaller ones
   * @throws UnsupportedArchitectureException if llama.cpp has no name for it
   */
  static GgufPreTokenizer of(Path path, JsonObject tokenizer, boolean ignoresMerges) {
    List<JsonObject> steps = steps(tokenizer.get("pre_tokenizer"), "pretokenizers");
    List<JsonObject> normalizers = steps(tokenizer.get("normalizer"), "normalizers");
    if (steps.stream().noneMatch(s -> isType(s, BYTES))) {
      return ofSpaces(path, steps, normalizers);
    }
    List<String> names = steps.stream().map(GgufPreTokenizer::step).toList();
    String name = NAMES.get(names);
    if (name == null || normalizers.stream().anyMatch(n -> !isType(n, "NFC"))) {
      throw unsupported(path, tokenizer);
    }
    return new GgufPreTokenizer(
        ignoresMerges && name.equals("dbrx") ? "llama-bpe" : name, true, false);
  }

  /** Spaces become U+2581, in the normaliser or the pre-tokenizer, and words are not split. */
  private static GgufPreTokenizer ofSpaces(
      Path path, List<JsonObject> steps, List<JsonObject> normalizers) {
    boolean adds = false;
    boolean replaces = false;
    for (JsonObject n : normalizers) {
      if (isType(n, "Prepend")) {
        adds = true;
      } else if (isType(n, "Replace")) {
        replaces = true;
      } else {
        throw unsupported(path, n);
      }
    }
    for (JsonObject s : steps) {
      JsonElement scheme = s.get("prepend_scheme");
      if (isType(s, "Metaspace")) {
        replaces = true;
        adds = scheme == null ? isTrue(s, "add_prefix_space") : !scheme.equals(text("never"));
      } else if (!isType(s, "Split")) { // Gemma's splits at spaces, of which none are left
        throw unsupported(path, s);
      }
    }
    if (!replaces) {
      throw unsupported(path, new JsonPrimitive("no replacement of spaces"));
    }
    return new GgufPreTokenizer("default", false, adds);
  }

  private static List<JsonObject> steps(@Nullable JsonElement from, String list) {
    List<JsonObject> all = new ArrayList<>();
    if (from instanceof JsonObject step) {
      if (step.get(list) instanceof JsonArray inner) {
        inner.forEach(e -> all.addAll(steps(e, list)));
      } else {
        all.add(step);
      }
    }
    return all;
  }

  private static String step(JsonObject step) {
    if (isType(step, BYTES) && !isTrue(step, "add_prefix_space")) {
      return isTrue(step, "use_regex") || !step.has("use_regex") ? BYTES_WITH_PATTERN : BYTES;
    }
    if (isType(step, "Digits") && isTrue(step, "individual_digits")) {
      return "Digits";
    }
    if (isType(step, "Split")
        && text("Isolated").equals(step.get("behavior"))
        && !isTrue(step, "invert")
        && step.get("pattern") instanceof JsonObject pattern
        && pattern.get("Regex") instanceof JsonPrimitive regex) {
      return regex.getAsString();
    }
    return step.toString();
  }

  private static boolean isType(JsonObject step, String type) {
    return text(type).equals(step.get("type"));
  }

  private static boolean isTrue(JsonObject in, String key) {
    return new JsonPrimitive(true).equals(in.get(key));
  }

  private static JsonPrimitive text(String value) {
    return new JsonPrimitive(value);
  }

  private static UnsupportedArchitectureException unsupported(Path path, JsonElement what) {
    JsonElement shown =
        what instanceof JsonObject o && o.has("pre_tokenizer") ? o.get("pre_tokenizer") : what;
    return new UnsupportedArchitectureException(
        path + ": llama.cpp has no name for splitting text by " + Shown.value(shown));
  }
}
