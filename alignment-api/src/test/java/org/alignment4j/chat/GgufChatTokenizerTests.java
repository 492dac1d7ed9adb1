package org.alignment4j.chat;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.alignment4j.chat.ChatFixtures.Case;
import org.alignment4j.chat.ChatFixtures.Golden;
import org.alignment4j.internal.tensor.GgufValue;
import org.alignment4j.testing.Shared;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokenizers of GGUF files give the ids of those programs with which models are trained. */
class GgufChatTokenizerTests {
  private static final JsonObject GOLDENS = GgufFixtures.goldens();
  private static final List<String> TEXTS = GgufFixtures.texts();

  @TempDir Path folder;

  /** Every name with the first one of its entry, which has ids. */
  static Stream<Arguments> ways() {
    JsonArray table =
        JsonParser.parseString(
                ChatFixtures.resource("/org/alignment4j/internal/tokenizer/pre_tokenizers.json"))
            .getAsJsonArray();
    return table.asList().stream()
        .map(entry -> entry.getAsJsonObject().getAsJsonArray("names"))
        .flatMap(
            names ->
                names.asList().stream()
                    .map(n -> Arguments.of(n.getAsString(), names.get(0).getAsString())));
  }

  @ParameterizedTest
  @MethodSource("ways")
  void textIsCutAsTheFileSays(String way, String first) {
    JsonElement golden = GOLDENS.getAsJsonObject("words").get(first);
    assertNotNull(golden, first + " has no golden ids");
    assertIds(
        golden,
        GgufFixtures.changed(
            GgufFixtures.file("words.gguf"),
            folder.resolve("words.gguf"),
            metadata -> metadata.put("tokenizer.ggml.pre", GgufValue.of(way))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"byte-level", "pieces", "gemma", "one-space"})
  void texts(String name) {
    assertIds(GOLDENS.get(name), GgufFixtures.file(name + ".gguf"));
  }

  /** Without those with tokens that include white space after them, which no GGUF file tells. */
  static List<Golden> conversations() {
    return ChatFixtures.goldens().stream()
        .filter(
            golden ->
                Stream.of("<|user|>", "<|assistant|>", "<|system|>", "<|end|>")
                    .noneMatch(golden.template()::contains))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("conversations")
  void conversationsHaveTheIdsOfTheSameTokenizerInAFolder(Golden golden) {
    try (ChatTokenizer tokenizer = GgufFixtures.load(folder, "byte-level.gguf", golden)) {
      List<Case> cases =
          golden.cases().stream().filter(c -> c.ids().containsKey("byte-level")).toList();
      assertFalse(cases.isEmpty());
      for (Case c : cases) {
        assertEquals(
            c.ids().get("byte-level"),
            Arrays.stream(tokenizer.encode(c.prompt(), c.generation())).boxed().toList(),
            () -> c.toString());
      }
    }
  }

  /** Numbers by: gguf_tokenizers.py OUT crc FILE; llama.cpp gives the same ids. */
  @Test
  void aRealFileHasTheIdsOfTransformersAndLlamaCpp() {
    try (ChatTokenizer tokenizer =
        ChatTokenizer.load(Shared.path("models", "SmolLM2-135M-Instruct.Q4_1.gguf"))) {
      assertEquals(3272158164L, crc(GgufFixtures.ids(tokenizer, TEXTS)));
      List<List<Integer>> conversations =
          ChatFixtures.golden("smollm2").cases().stream()
              .filter(c -> c.ids().containsKey("byte-level"))
              .map(c -> Arrays.stream(tokenizer.encode(c.prompt(), c.generation())))
              .map(ids -> ids.boxed().toList())
              .toList();
      assertEquals(16, conversations.size());
      assertEquals(3397994364L, crc(conversations));
      assertEquals(
          List.of("<|im_end|>", "<|endoftext|>"),
          tokenizer.tokens(tokenizer.endOfTurn().stream().mapToInt(id -> id).toArray()));
    }
  }

  private static long crc(List<List<Integer>> ids) {
    CRC32 crc = new CRC32();
    crc.update(new Gson().toJson(ids).getBytes(StandardCharsets.UTF_8));
    return crc.getValue();
  }

  private static void assertIds(JsonElement golden, Path file) {
    List<List<Integer>> expected = GgufFixtures.ids(golden);
    assertEquals(TEXTS.size(), expected.size());
    try (ChatTokenizer tokenizer = ChatTokenizer.load(file)) {
      List<List<Integer>> found = GgufFixtures.ids(tokenizer, TEXTS);
      assertAll(
          IntStream.range(0, TEXTS.size())
              .mapToObj(
                  i ->
                      () ->
                          assertEquals(
                              expected.get(i), found.get(i), "text " + i + ": " + TEXTS.get(i))));
    }
  }
}
