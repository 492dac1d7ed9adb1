package org.alignment4j.chat;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.alignment4j.chat.ChatFixtures.Case;
import org.alignment4j.chat.ChatFixtures.Golden;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ChatGoldenTests {
  @TempDir Path folder;

  static List<Golden> goldens() {
    return ChatFixtures.goldens();
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void rendersWhatPythonRenders(Golden golden) {
    try (ChatTokenizer tokenizer = ChatFixtures.load(folder, "byte-level", golden)) {
      assertEquals("Jinja template", tokenizer.formatName());
      assertTrue(tokenizer.hasChatTemplate());
      assertAll(golden.cases().stream().map(c -> textOf(tokenizer, c)));
    }
  }

  private static Executable textOf(ChatTokenizer tokenizer, Case golden) {
    if (golden.text() == null) {
      return () -> {
        IllegalArgumentException refused =
            assertThrows(
                IllegalArgumentException.class,
                () -> tokenizer.render(golden.prompt(), golden.generation()),
                golden.toString());
        assertTrue(refused.getMessage().contains(tokenizer.formatName()));
      };
    }
    return () ->
        assertEquals(
            golden.text(),
            tokenizer.render(golden.prompt(), golden.generation()),
            golden.toString());
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void givesTheIdsOfTheWholeRenderedText(Golden golden) {
    for (String name : ChatFixtures.TOKENIZERS) {
      try (ChatTokenizer tokenizer = ChatFixtures.load(folder, name, golden)) {
        assertAll(compareIds(name, tokenizer, golden));
      }
    }
  }

  private static Stream<Executable> compareIds(
      String name, ChatTokenizer tokenizer, Golden golden) {
    return golden.cases().stream()
        .filter(c -> c.ids().containsKey(name))
        .map(
            c ->
                () ->
                    assertEquals(
                        c.ids().get(name),
                        Arrays.stream(tokenizer.encode(c.prompt(), c.generation()))
                            .boxed()
                            .toList(),
                        name + " " + c.prompt()));
  }

  @Test
  void phi3MiniGivesTheIdsOfTheRealTokenizer() {
    Path real = shared("fixtures/tokenizer-phi-3-mini");
    Golden golden = ChatFixtures.golden("phi3");
    try (ChatTokenizer tokenizer = ChatTokenizer.load(real)) {
      assertEquals(32011, tokenizer.vocabularySize());
      assertTrue(compareIds("phi-3-mini", tokenizer, golden).count() > 10);
      assertAll(compareIds("phi-3-mini", tokenizer, golden));
    }
  }

  @Test
  void theGoldensAreOfTheRealQwenTemplates() throws IOException {
    for (String name : List.of("qwen2.5", "qwen3")) {
      Path config = shared("fixtures/chat-template-" + name).resolve("tokenizer_config.json");
      Golden golden = ChatFixtures.golden(name);
      String template =
          JsonParser.parseString(Files.readString(config))
              .getAsJsonObject()
              .get("chat_template")
              .getAsString();
      assertEquals(golden.template(), template);
    }
  }

  @Test
  void documentsGetTheIdsOfTheRealTokenizer() throws IOException {
    Path folder = shared("fixtures/tokenizer-tinyllama-v0");
    try (ChatTokenizer tokenizer = ChatTokenizer.load(folder)) {
      String golden =
          Files.readString(
              folder.resolve("twitter_complaints_tokenized_with_maykeye_tinyllama_v0.json"));
      var rows = JsonParser.parseString(golden).getAsJsonArray();
      assertEquals(10, rows.size());
      for (var row : rows) {
        var ids = row.getAsJsonObject().getAsJsonArray("input_ids");
        int[] expected = ids.asList().stream().mapToInt(e -> e.getAsInt()).toArray();
        String text = tokenizer.decode(expected);
        assertTrue(text.startsWith("### Text: "), text);
        assertArrayEquals(expected, tokenizer.encodeRaw(text), text);
      }
    }
  }

  private static Path shared(String name) {
    Path path = Path.of(System.getProperty("alignment4j.shared", "missing")).resolve(name);
    assumeTrue(Files.exists(path), "needs the optional fixture " + name);
    return path;
  }
}
