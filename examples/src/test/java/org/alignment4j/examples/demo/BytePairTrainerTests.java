package org.alignment4j.examples.demo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BytePairTrainerTests {
  private static final List<String> TEXTS =
      List.of(
          "the cat sat on the mat, and the cat's hat sat there in 1989 and 1990",
          "I'm sorry, but I can't help with that. I'm sorry!",
          "Wie heißt du?\n  Übung macht den Meister — 日本語 🙂");

  @Test
  void mergesTheMostFrequentPairFirstAndTheSmallerIdsOnATie() {
    BytePairVocabulary vocabulary =
        BytePairTrainer.train(List.of("ab ab ab cd cd"), List.of(), 258);
    // " ab" twice and "ab" once: a+b 3 times; then " "+ab and c+d are level, and " " is smaller.
    assertEquals(
        List.of(new BytePairVocabulary.Merge('a', 'b'), new BytePairVocabulary.Merge(' ', 'c')),
        vocabulary.merges());
  }

  @Test
  void sameTextGivesTheSameFilesByteForByte(@TempDir Path folder) throws IOException {
    for (String name : List.of("a", "b")) {
      BytePairTrainer.train(TEXTS, DemoCorpus.CONTROL, 300)
          .write(folder.resolve(name), "<|endoftext|>", "<|im_end|>", 1024);
    }
    for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
      assertEquals(
          Files.readString(folder.resolve("a").resolve(file)),
          Files.readString(folder.resolve("b").resolve(file)));
    }
  }

  @Test
  void djlLoadsTheFilesAndEveryTextComesBack(@TempDir Path folder) throws IOException {
    BytePairVocabulary vocabulary = BytePairTrainer.train(TEXTS, DemoCorpus.CONTROL, 340);
    vocabulary.write(folder, "<|endoftext|>", "<|im_end|>", 1024);
    try (HuggingFaceTokenizer tokenizer =
        HuggingFaceTokenizer.newInstance(folder.resolve("tokenizer.json"))) {
      List<String> texts = new ArrayList<>(TEXTS);
      texts.add("never seen: żółć, ½, \u0000, a\tb\r\n   c  ");
      texts.add("It's 12:45 on 2024-11-03, isn't it?");
      for (String text : texts) {
        Encoding encoding = tokenizer.encode(text, false, false);
        assertEquals(text, tokenizer.decode(encoding.getIds()));
      }
    }
  }

  @Test
  void controlTokensAreOneIdEachAndTheFirst(@TempDir Path folder) throws IOException {
    BytePairTrainer.train(TEXTS, DemoCorpus.CONTROL, 300)
        .write(folder, "<|endoftext|>", "<|im_end|>", 1024);
    try (HuggingFaceTokenizer tokenizer =
        HuggingFaceTokenizer.newInstance(folder.resolve("tokenizer.json"))) {
      assertArrayEquals(
          new long[] {0, 1, 2},
          tokenizer.encode("<|endoftext|><|im_start|><|im_end|>", false, false).getIds());
    }
  }

  @Test
  void aNumberIsOneTokenForEachDigit(@TempDir Path folder) throws IOException {
    BytePairTrainer.train(
            List.of("1989 1989 1989 1989 1989 year 1989, 19 89"), DemoCorpus.CONTROL, 300)
        .write(folder, "<|endoftext|>", "<|im_end|>", 1024);
    try (HuggingFaceTokenizer tokenizer =
        HuggingFaceTokenizer.newInstance(folder.resolve("tokenizer.json"))) {
      assertArrayEquals(
          new String[] {"1", "9", "8", "9", "Ġ1", "9", "8", "9"},
          tokenizer.encode("1989 1989", false, false).getTokens());
    }
  }

  @Test
  void aVocabularyTooSmallForTheBytesIsRefused() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> BytePairTrainer.train(TEXTS, DemoCorpus.CONTROL, 258));
    assertEquals("vocabulary of 258 < 259", e.getMessage());
  }

  @Property(tries = 20)
  void everyMergeUsesEarlierTokensAndGivesItsTokenTheirBytes(
      @ForAll @IntRange(min = 0, max = 1000) int seed) {
    Random random = new Random(seed);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 400; i++) {
      text.append("abc dé".charAt(random.nextInt(6)));
    }
    BytePairVocabulary vocabulary =
        BytePairTrainer.train(List.of(text.toString()), List.of("<x>"), 290);
    for (int i = 0; i < vocabulary.merges().size(); i++) {
      BytePairVocabulary.Merge merge = vocabulary.merges().get(i);
      int id = 257 + i;
      assertTrue(merge.left() < id && merge.right() < id);
      byte[] left = vocabulary.tokens().get(merge.left() - 1);
      byte[] right = vocabulary.tokens().get(merge.right() - 1);
      assertEquals(left.length + right.length, vocabulary.tokens().get(id - 1).length);
    }
  }
}
