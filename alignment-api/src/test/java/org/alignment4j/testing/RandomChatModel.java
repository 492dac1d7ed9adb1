package org.alignment4j.testing;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alignment4j.model.Family;
import org.alignment4j.model.ModelConfig;
import org.alignment4j.model.RandomCheckpoint;
import org.alignment4j.model.Rope;

/** A small random model with a tokenizer of bytes and some words, and a ChatML template. */
public final class RandomChatModel {
  private RandomChatModel() {}

  /**
   * Writes a model of 6 blocks of width 48 with a context of 128 tokens.
   *
   * @param words that are a token each, at the beginning of a text and behind a space
   */
  public static Path write(Path folder, List<String> words) throws IOException {
    Map<String, Integer> vocabulary = ByteTokenizer.bytes();
    for (String word : words) {
      vocabulary.putIfAbsent(word, vocabulary.size());
      vocabulary.putIfAbsent("\u0120" + word, vocabulary.size());
    }
    ModelConfig config =
        new ModelConfig(
            Family.LLAMA,
            vocabulary.size() + 2,
            48,
            6,
            4,
            4,
            12,
            96,
            128,
            1e-5,
            new Rope(10_000, null),
            0,
            Collections.nCopies(6, false),
            true,
            Set.of(vocabulary.size() + 1));
    RandomCheckpoint.write(config, 5, folder);
    ByteTokenizer.write(folder, vocabulary);
    return folder;
  }
}
