package org.alignment4j.examples.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alignment4j.model.ModelConfig;
import org.alignment4j.model.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Counted by hand: D 10, H 4, K 2, E 6, F 20, V 100, two blocks. */
class CostsTests {
  /** (H + 2K) E D = 480, H E D = 240, 3 F D = 600. */
  private static final double BLOCK = 2 * (480 + 240 + 600);

  /** Of it keys and values: 2K E D = 240. */
  private static final double KEYS_AND_VALUES = 2 * 240;

  /** For each token and key: scores and weighted sum, H E = 24 products each. */
  private static final double ATTENTION = 4 * 24;

  @TempDir Path folder;

  private Costs costs(String more, Precision precision) throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        "{\"model_type\": \"mistral\", \"vocab_size\": 100, \"hidden_size\": 10,"
            + " \"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"num_key_value_heads\": 2,"
            + " \"head_dim\": 6, \"intermediate_size\": 20, "
            + more
            + "}");
    return new Costs(ModelConfig.read(folder), precision);
  }

  private Costs costs() throws IOException {
    return costs("\"tie_word_embeddings\": true", Precision.FLOAT32);
  }

  @Test
  void aCaptureNeedsAllOfTheBlocksBelowAndOneTokenOfTheHighest() throws IOException {
    List<int[]> three = List.of(new int[3]);
    double lower = 3 * BLOCK + ATTENTION * (1 + 2 + 3);
    double top = 2 * KEYS_AND_VALUES + BLOCK + ATTENTION * 3;
    assertEquals(lower + top, costs().captureFlops(three, 2));
    assertEquals(top, costs().captureFlops(three, 1));
    assertEquals(0, costs().captureFlops(three, 0));
    double one = BLOCK + ATTENTION;
    assertEquals(lower + top + 2 * one, costs().captureFlops(List.of(new int[3], new int[1]), 2));
  }

  @Test
  void aSlidingWindowLimitsTheKeysThatAreSeen() throws IOException {
    double lower = 3 * BLOCK + ATTENTION * (1 + 2 + 2);
    double top = 2 * KEYS_AND_VALUES + BLOCK + ATTENTION * 2;
    Costs windowed = costs("\"sliding_window\": 2", Precision.FLOAT32);
    assertEquals(lower + top, windowed.captureFlops(List.of(new int[3]), 2));
  }

  @Test
  void generationReadsItsOwnTokensButTheLastAndNeedsTheHeadForEach() throws IOException {
    // Two prompts of 3, then 2 tokens: 4 tokens are read, the head runs twice.
    double each = 2 * (4 * BLOCK + ATTENTION * (1 + 2 + 3 + 4)) + 2 * (2 * 100 * 10);
    assertEquals(2 * each, costs().generateFlops(2, 3, 2));
  }

  @Test
  void eachPassReadsAllWeightsOnceAndTheKeysAndValuesOfEachRow() throws IOException {
    // A block's matrices, its two norms; the table, which is the head; the final norm.
    long weights = 4L * (2 * (480 + 240 + 600 + 20) + 1000 + 10);
    // Keys and values of two blocks: K E = 12 numbers each.
    long key = 4L * 2 * 2 * 12;
    assertEquals(2 * weights + key * (3 + 4), costs().generateBytes(1, 3, 2));
    assertEquals(2 * weights + 8 * key * (3 + 4), costs().generateBytes(8, 3, 2));
    Costs untied = costs("\"tie_word_embeddings\": false", Precision.FLOAT32);
    assertEquals(2 * weights + key * (3 + 4), untied.generateBytes(1, 3, 2));
    Costs windowed =
        costs("\"tie_word_embeddings\": true, \"sliding_window\": 3", Precision.FLOAT32);
    assertEquals(2 * weights + key * (3 + 3), windowed.generateBytes(1, 3, 2));
    // Norms stay in float32.
    long half = 2L * (2 * (480 + 240 + 600) + 1000) + 4L * (2 * 20 + 10);
    Costs stored = costs("\"tie_word_embeddings\": true", Precision.BFLOAT16);
    assertEquals(2 * half + key / 2 * (3 + 4), stored.generateBytes(1, 3, 2));
  }
}
