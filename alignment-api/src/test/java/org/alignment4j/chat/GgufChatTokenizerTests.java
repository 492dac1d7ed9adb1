package org.alignment4j.chat;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alignment4j.chat.ChatFixtures.Case;
import org.alignment4j.chat.ChatFixtures.Golden;
import org.alignment4j.internal.tensor.GgufValue;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokenizers of GGUF files give the ids of those programs with which models are trained. */
class GgufChatTokenizerTests {
  private static final JsonObject GOLDENS = GgufFixtures.goldens();
  private static final List<String> TEXTS = GgufFixtures.texts();

  @TempDir Path folder;

  static Stream<String> ways() {
    return GOLDENS.getAsJsonObject("words").keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("ways")
  void textIsCutAsTheFileSays(String way) {
    Path file =
        GgufFixtures.changed(
            GgufFixtures.file("words.gguf"),
            folder.resolve("words.gguf"),
            metadata -> metadata.put("tokenizer.ggml.pre", GgufValue.of(way)));
    assertIds(GOLDENS.getAsJsonObject("words").get(way), file);
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
