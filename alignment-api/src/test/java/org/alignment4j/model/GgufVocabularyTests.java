package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.internal.tensor.GgufValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tokenizers as llama.cpp's converter writes them; that llama.cpp encodes texts with them to the
 * ids of tokenizer.json was checked with llama.cpp.
 */
class GgufVocabularyTests {
  private static final Path CHAT = Path.of("src/test/resources/org/alignment4j/chat");

  @TempDir Path folder;

  private static Map<String, GgufValue> metadata(Path file, int size) {
    return GgufVocabulary.read(file, size).metadata();
  }

  private static List<?> list(Map<String, GgufValue> metadata, String key) {
    return (List<?>) metadata.get("tokenizer.ggml." + key).decoded();
  }

  private static Object value(Map<String, GgufValue> metadata, String key) {
    return metadata.get("tokenizer.ggml." + key).decoded();
  }

  @Test
  void byteLevelTokenizersHaveMergesAndTheNameOfTheirPattern() {
    Map<String, GgufValue> all = metadata(CHAT.resolve("byte-level/tokenizer.json"), 540);
    assertEquals("gpt2", value(all, "model"));
    assertEquals("qwen2", value(all, "pre"));
    List<?> tokens = list(all, "tokens");
    assertEquals(540, tokens.size());
    assertEquals("<|endoftext|>", tokens.get(512));
    assertEquals("[PAD539]", tokens.get(539));
    List<?> types = list(all, "token_type");
    assertEquals(1L, types.get(0));
    assertEquals(3L, types.get(512));
    assertEquals(5L, types.get(539));
    List<?> merges = list(all, "merges");
    assertEquals(256, merges.size());
    assertEquals("\u0120 a", merges.get(0));
  }

  @ParameterizedTest
  @CsvSource({"metaspace", "prepend"})
  void tokenizersWithByteFallbackHaveScoresInTheOrderOfMerges(String name) {
    Map<String, GgufValue> all = metadata(CHAT.resolve(name + "/tokenizer.json"), 600);
    assertEquals("llama", value(all, "model"));
    assertEquals("default", value(all, "pre"));
    assertEquals(true, value(all, "add_space_prefix"));
    List<?> tokens = list(all, "tokens");
    List<?> scores = list(all, "scores");
    List<?> types = list(all, "token_type");
    assertEquals(2L, types.get(tokens.indexOf("<unk>")));
    assertEquals(3L, types.get(tokens.indexOf("<s>")));
    assertEquals(6L, types.get(tokens.indexOf("<0x0A>")));
    float first = (Float) scores.get(tokens.indexOf("\u2581a"));
    float second = (Float) scores.get(tokens.indexOf("\u2581t"));
    assertTrue(first > second && first == 0, first + " " + second);
  }

  private Path changed(String from, String to) throws IOException {
    String text = Files.readString(CHAT.resolve("byte-level/tokenizer.json"));
    String changed = text.replace(from, to);
    assertTrue(!text.equals(changed), from);
    return Files.writeString(folder.resolve("tokenizer.json"), changed);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+; \\\\p{L}+; no name for splitting text by",
        "\"NFC\"; \"Lowercase\"; no name for splitting text by",
        "\"BPE\"; \"Unigram\"; a model of type",
      })
  void whatLlamaCppDoesNotDoIsRejectedByName(String from, String to, String said)
      throws IOException {
    Path file = changed(from, to);
    AlignmentException e = assertThrows(AlignmentException.class, () -> metadata(file, 540));
    assertTrue(e.getMessage().contains(said), e.getMessage());
    assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
  }

  @Test
  void moreTokensThanRowsAreRejected() {
    AlignmentException e =
        assertThrows(
            AlignmentException.class,
            () -> metadata(CHAT.resolve("byte-level/tokenizer.json"), 500));
    assertTrue(e.getMessage().contains("embeddings have 500 rows"), e.getMessage());
  }

  @Test
  void bytesMustBeComplete() throws IOException {
    String text = Files.readString(CHAT.resolve("metaspace/tokenizer.json"));
    Path file = Files.writeString(folder.resolve("t.json"), text.replace("<0x41>", "<0x4I>"));
    AlignmentException e = assertThrows(AlignmentException.class, () -> metadata(file, 600));
    assertTrue(e.getMessage().contains("no token of every byte"), e.getMessage());
  }

  @Test
  void specialTokensAndTheTemplateAreThoseOfTheFolder() throws IOException {
    Files.copy(CHAT.resolve("metaspace/tokenizer.json"), folder.resolve("tokenizer.json"));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"bos_token\": \"<s>\", \"eos_token\": {\"content\": \"</s>\"}, \"chat_template\":"
            + " \"{{ old }}\"}");
    Files.writeString(folder.resolve("chat_template.jinja"), "{{ messages }}");
    Files.writeString(folder.resolve("config.json"), "{\"pad_token_id\": 0}");
    GgufVocabulary vocabulary = GgufVocabulary.read(folder.resolve("tokenizer.json"), 600);
    Map<String, GgufValue> all =
        GgufSpecialTokens.of(folder, vocabulary, new java.util.TreeSet<>(Set.of(2, 7, 5)));
    assertEquals(1L, value(all, "bos_token_id"));
    assertEquals(2L, value(all, "eos_token_id"));
    assertEquals(5L, value(all, "eot_token_id"));
    assertEquals(7L, value(all, "eom_token_id"));
    assertEquals(0L, value(all, "padding_token_id"));
    assertEquals(true, value(all, "add_bos_token"));
    assertEquals(false, value(all, "add_eos_token"));
    assertEquals("{{ messages }}", all.get("tokenizer.chat_template").decoded());
  }
}
