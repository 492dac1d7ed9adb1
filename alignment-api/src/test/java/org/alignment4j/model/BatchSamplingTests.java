package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same seed gives the same tokens, whatever the batch. */
class BatchSamplingTests {
  /**
   * Batches change the last bits of logits, so a draw so close to a border may fall on either side.
   */
  private static final double BORDER = 1e-5;

  private static final int TOKENS = 12;

  /** Some sequences end early and leave their batch. */
  private static final Set<Integer> STOP = Set.of(4, 9, 14, 20, 31);

  private static final List<Generation> SETTINGS =
      List.of(
          sampled().temperature(1).build(),
          sampled().temperature(0.7).topK(6).stopTokens(STOP).build(),
          sampled().temperature(1.3).topP(0.85).build(),
          sampled()
              .temperature(1.1)
              .minP(0.1)
              .repetitionPenalty(1.3)
              .minNewTokens(4)
              .stopTokens(STOP)
              .build(),
          sampled().temperature(0.9).topK(20).topP(0.9).minP(0.02).repetitionPenalty(0.8).build());

  @TempDir static Path folder;
  private static LanguageModel plain;
  private static LanguageModel windowed;

  private static Generation.Builder sampled() {
    return Generation.builder(TOKENS).seed(11);
  }

  @BeforeAll
  static void load() throws IOException {
    plain = LanguageModel.load(TinyModels.write(folder.resolve("p"), Family.QWEN3, 0, 3));
    windowed = LanguageModel.load(TinyModels.write(folder.resolve("w"), Family.MISTRAL, 5, 4));
  }

  @AfterAll
  static void close() {
    plain.close();
    windowed.close();
  }

  /** What a comparison counted. */
  private record Differences(int sequences, int explained, int unexplained) {}

  /** Tokens of each sequence, and the margin of each draw. */
  private record Sampled(List<int[]> ids, Map<List<Integer>, Double> margins) {
    static Sampled of(LanguageModel model, List<int[]> prompts, Generation settings) {
      Map<List<Integer>, Double> margins = new HashMap<>();
      List<int[]> ids = new ArrayList<>();
      Sampler.watching(
          (sequence, n, margin) -> margins.put(List.of(sequence, n), margin),
          () -> model.generateIds(prompts, settings).forEach(c -> ids.add(c.ids())));
      return new Sampled(ids, margins);
    }
  }

  private static Differences compare(
      LanguageModel model, List<int[]> prompts, Generation settings) {
    Sampled together = Sampled.of(model, prompts, settings);
    int explained = 0;
    int unexplained = 0;
    for (int i = 0; i < prompts.size(); i++) {
      Generation own = settings.toBuilder().seeds(List.of(settings.seedOf(i))).build();
      Sampled alone = Sampled.of(model, List.of(prompts.get(i)), own);
      int at = Arrays.mismatch(together.ids.get(i), alone.ids.get(0));
      if (at >= 0) {
        double margin =
            Math.min(
                together.margins.getOrDefault(List.of(i, at), 1.0),
                alone.margins.getOrDefault(List.of(0, at), 1.0));
        if (margin <= BORDER) {
          explained++;
        } else {
          unexplained++;
        }
      }
    }
    return new Differences(prompts.size(), explained, unexplained);
  }

  private static void assertSame(int sequences) {
    Random random = new Random(1);
    int all = 0;
    int explained = 0;
    for (int s = 0; s < SETTINGS.size(); s++) {
      List<int[]> prompts = new ArrayList<>();
      for (int i = 0; i < sequences / SETTINGS.size(); i++) {
        prompts.add(TinyModels.ids(random, 1 + random.nextInt(24)));
      }
      Differences found = compare(s % 2 == 0 ? plain : windowed, prompts, SETTINGS.get(s));
      assertEquals(0, found.unexplained, "of " + found + " under " + SETTINGS.get(s));
      all += found.sequences;
      explained += found.explained;
    }
    assertEquals(sequences, all);
    assertTrue(explained <= sequences / 100, explained + " sequences differ at a border");
  }

  @Test
  void batchedSamplingIsOneByOneSampling() {
    assertSame(60);
  }

  @Test
  @Tag("slow")
  void batchedSamplingOfAThousandSequencesIsOneByOneSampling() {
    assertSame(1000);
  }

  @Test
  void aSeedGivesTheSameAgainAndAnotherSeedOthers() {
    List<int[]> prompts = List.of(new int[] {1, 2}, new int[] {1, 2}, new int[] {5});
    Generation settings = sampled().temperature(1).ignoreEnd(true).build();
    List<Completion> first = plain.generateIds(prompts, settings);
    assertEquals(first, plain.generateIds(prompts, settings));
    assertNotEquals(first, plain.generateIds(prompts, settings.toBuilder().seed(12).build()));
    assertNotEquals(first.get(0), first.get(1), "each sequence has its own numbers");
    List<Completion> same =
        plain.generateIds(prompts, settings.toBuilder().seeds(List.of(4L, 4L, 5L)).build());
    assertEquals(same.get(0), same.get(1));
  }

  @Test
  void temperatureZeroIsGreedyWhateverElseIsAskedFor() {
    List<int[]> prompts = List.of(new int[] {1, 2, 9}, new int[] {5});
    List<Completion> greedy = plain.generateIds(prompts, Generation.greedy(TOKENS));
    List<Completion> other =
        plain.generateIds(prompts, sampled().topK(3).topP(0.5).logProbabilities(true).build());
    for (int i = 0; i < prompts.size(); i++) {
      assertEquals(-1, Arrays.mismatch(greedy.get(i).ids(), other.get(i).ids()));
    }
  }
}
