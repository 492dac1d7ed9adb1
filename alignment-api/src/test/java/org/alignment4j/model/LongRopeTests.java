package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Frequencies that change where a sequence outgrows the original context. */
class LongRopeTests {
  private static final int BORDER = 10;

  @TempDir Path folder;

  private LanguageModel model() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.PHI3, 0, 3);
    Path json = path.resolve("config.json");
    String scaling =
        "{ \"original_max_position_embeddings\": "
            + BORDER
            + ", \"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": [1.0, 1.1, 1.2],"
            + " \"long_factor\": [2.0, 5.0, 9.0]},";
    Files.writeString(json, Files.readString(json).replaceFirst("\\{", scaling));
    return LanguageModel.load(path);
  }

  /** The reference: every token from a fresh pass over all before it. */
  private static int[] greedy(LanguageModel model, int[] prompt, int tokens) {
    int[] all = prompt;
    for (int i = 0; i < tokens; i++) {
      float[] z = model.nextTokenLogitsIds(List.of(all))[0];
      int best = 0;
      for (int k = 1; k < z.length; k++) {
        best = z[k] > z[best] ? k : best;
      }
      all = Arrays.copyOf(all, all.length + 1);
      all[all.length - 1] = best;
    }
    return Arrays.copyOfRange(all, prompt.length, all.length);
  }

  @Test
  void generationAcrossTheBorderEqualsFreshPasses() throws IOException {
    Random random = new Random(1);
    List<int[]> prompts =
        List.of(
            TinyModels.ids(random, 6),
            TinyModels.ids(random, 9),
            TinyModels.ids(random, 10),
            TinyModels.ids(random, 11),
            TinyModels.ids(random, 3));
    try (LanguageModel model = model()) {
      Generation settings = Generation.greedy(9).ignoringEnd();
      List<Completion> together = model.generateIds(prompts, settings);
      for (int i = 0; i < prompts.size(); i++) {
        int[] wanted = greedy(model, prompts.get(i), 9);
        assertArrayEquals(wanted, together.get(i).ids(), "prompt " + i);
        assertArrayEquals(
            wanted, model.generateIds(List.of(prompts.get(i)), settings).get(0).ids());
      }
    }
  }

  @Test
  void sequencesThatEndBeforeTheBorderDoNotDisturbTheOthers() throws IOException {
    int tokens = 9;
    try (LanguageModel model = model()) {
      for (int seed = 1; seed <= 6; seed++) {
        Random random = new Random(seed);
        List<int[]> prompts =
            IntStream.of(3, 6, 9, 9, 9).mapToObj(n -> TinyModels.ids(random, n)).toList();
        List<int[]> whole = prompts.stream().map(p -> greedy(model, p, tokens)).toList();
        Set<Integer> stop = Set.copyOf(List.of(whole.get(0)[1], whole.get(1)[2]));
        Generation settings = Generation.builder(tokens).ignoreEnd(true).stopTokens(stop).build();
        List<Completion> found = model.generateIds(prompts, settings);
        for (int i = 0; i < prompts.size(); i++) {
          int[] wanted = IntStream.of(whole.get(i)).takeWhile(id -> !stop.contains(id)).toArray();
          assertArrayEquals(wanted, found.get(i).ids(), "seed " + seed + ", prompt " + i);
        }
      }
    }
  }

  @Test
  void sequencesOfABatchGoByTheirOwnLengths() throws IOException {
    Random random = new Random(2);
    List<int[]> sequences =
        List.of(TinyModels.ids(random, 5), TinyModels.ids(random, 14), TinyModels.ids(random, 10));
    try (LanguageModel model = model()) {
      float[][] together = model.nextTokenLogitsIds(sequences);
      for (int i = 0; i < sequences.size(); i++) {
        float[] alone = model.nextTokenLogitsIds(List.of(sequences.get(i)))[0];
        assertTrue(TinyModels.relative(together[i], alone) < 1e-5);
      }
    }
  }

  @Test
  void scoresAcrossTheBorderEqualFreshPasses() throws IOException {
    Random random = new Random(3);
    int[] prefix = TinyModels.ids(random, 8);
    List<int[]> continuations =
        List.of(TinyModels.ids(random, 1), TinyModels.ids(random, 2), TinyModels.ids(random, 6));
    try (LanguageModel model = model()) {
      List<ContinuationScore> scores = model.scoreIds(prefix, continuations);
      for (int i = 0; i < continuations.size(); i++) {
        int[] own = continuations.get(i);
        int[] whole = Arrays.copyOf(prefix, prefix.length + own.length);
        System.arraycopy(own, 0, whole, prefix.length, own.length);
        // All tokens of a sequence share the frequencies of its whole length.
        float[][] states =
            model
                .captureIds(
                    List.of(TinyModels.prompt(whole)), Capture.layers(3, 3, TokenPositions.all()))
                .at(model.topLayer());
        for (int j = 0; j < own.length; j++) {
          double p = logProbability(model, states[prefix.length + j - 1], own[j]);
          assertEquals(p, scores.get(i).logProbabilities()[j], 1e-5);
        }
      }
    }
  }

  private static double logProbability(LanguageModel model, float[] state, int id) {
    try (ai.djl.ndarray.NDManager scope = model.pass().manager().newSubManager()) {
      float[] z =
          model
              .pass()
              .decoder()
              .head(scope, scope.create(state).expandDims(0), model.pass().weights())
              .toFloatArray();
      double sum = 0;
      for (float f : z) {
        sum += Math.exp(f);
      }
      return z[id] - Math.log(sum);
    }
  }
}
