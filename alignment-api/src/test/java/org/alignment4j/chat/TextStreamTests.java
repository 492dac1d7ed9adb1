package org.alignment4j.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Random;
import org.alignment4j.chat.ChatFixtures.Golden;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextStreamTests {
  private static final Golden NONE = new Golden("none", "", "<s>", "</s>", "", java.util.List.of());
  private static final String[] PARTS = {
    "a", " ", "\n", " the", "é", "日本語", "🙂", "👩‍💻", "x y", "\t", "ß", "  ", "\u0301", "fox"
  };

  @TempDir Path folder;

  @Test
  void piecesJoinToTheWholeTextAndHoldOnlyCompleteCharacters() {
    Random random = new Random(5);
    for (String name : ChatFixtures.TOKENIZERS) {
      try (ChatTokenizer tokenizer = ChatFixtures.load(folder, name, NONE)) {
        for (int round = 0; round < 100; round++) {
          StringBuilder text = new StringBuilder();
          for (int i = random.nextInt(12); i >= 0; i--) {
            text.append(PARTS[random.nextInt(PARTS.length)]);
          }
          check(tokenizer, tokenizer.encodeText(text.toString()));
        }
      }
    }
  }

  private static void check(ChatTokenizer tokenizer, int[] ids) {
    TextStream stream = tokenizer.stream();
    StringBuilder joined = new StringBuilder();
    for (int id : ids) {
      String piece = stream.next(id);
      assertFalse(piece.contains("\uFFFD"), piece);
      joined.append(piece);
    }
    assertEquals("", stream.finish());
    assertEquals(tokenizer.decode(ids), joined.toString());
  }

  @Test
  void brokenCharactersComeOutInTheEndAndNeverPileUp() {
    try (ChatTokenizer tokenizer = ChatFixtures.load(folder, "byte-level", NONE)) {
      int[] smile = tokenizer.encodeText("🙂");
      TextStream stream = tokenizer.stream();
      assertTrue(smile.length > 1, "the test needs a character of several tokens");
      assertEquals("", stream.next(smile[0]));
      assertEquals("\uFFFD", stream.finish());
      StringBuilder joined = new StringBuilder();
      for (int i = 0; i < 1000; i++) {
        joined.append(stream.next(smile[0]));
      }
      joined.append(stream.finish());
      assertEquals(1000, joined.length());
    }
  }

  @Test
  void specialTokensAddNothing() {
    try (ChatTokenizer tokenizer = ChatFixtures.load(folder, "prepend", NONE)) {
      TextStream stream = tokenizer.stream();
      int[] ids = tokenizer.encodeText("fox");
      StringBuilder joined = new StringBuilder(stream.next(tokenizer.bos().orElseThrow()));
      for (int id : ids) {
        joined.append(stream.next(id));
      }
      joined.append(stream.next(tokenizer.endOfTurn().iterator().next()));
      assertEquals("fox", joined + stream.finish());
    }
  }
}
