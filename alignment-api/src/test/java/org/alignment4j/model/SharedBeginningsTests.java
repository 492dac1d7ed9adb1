package org.alignment4j.model;

import static java.lang.Double.NaN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.GradientScope;
import org.alignment4j.model.Capture.Activations;

/** What sequences begin with in common runs once, and every result is that of a sequence alone. */
class SharedBeginningsTests {
  /** Of a row's largest element; see {@link BatchingTests}. */
  private static final double TOLERANCE = 4e-5;

  private static final TinyFamilies MODELS = new TinyFamilies();

  @AfterContainer
  static void close() {
    MODELS.close();
  }

  /** Each begins as an earlier one does; some are equal, some the beginning of another. */
  private static List<Encoded> branches(Random random, int n) {
    List<Encoded> all = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      int[] before = i == 0 ? new int[0] : all.get(random.nextInt(i)).ids();
      int kept = random.nextInt(before.length + 1);
      int[] ids = Arrays.copyOf(before, kept + (i == 0 ? 9 : random.nextInt(6)));
      for (int p = kept; p < ids.length; p++) {
        ids[p] = random.nextInt(TinyModels.VOCABULARY);
      }
      if (ids.length < 2) {
        ids = new int[] {3, 4};
      }
      all.add(new Encoded(ids, 1 + random.nextInt(ids.length - 1)));
    }
    return all;
  }

  private static List<int[]> ids(List<Encoded> sequences) {
    return sequences.stream().map(Encoded::ids).toList();
  }

  private static void assertClose(float[] expected, float[] found) {
    double d = TinyModels.relative(found, expected);
    assertTrue(d <= TOLERANCE, () -> "differs by " + d + " of the largest element");
  }

  @Property
  void everyBeginningIsThereOnce(@ForAll @IntRange(min = 2, max = 9) int n, @ForAll long seed) {
    List<int[]> sequences = ids(branches(new Random(seed), n));
    Set<List<Integer>> beginnings = new HashSet<>();
    int tokens = 0;
    for (int[] s : sequences) {
      for (int p = 0; p < s.length; p++) {
        beginnings.add(Arrays.stream(s, 0, p + 1).boxed().toList());
        tokens++;
      }
    }
    SharedBeginnings found = SharedBeginnings.find(sequences);
    if (tokens - beginnings.size() < 0.1 * tokens) {
      assertNull(found);
      return;
    }
    assertNotNull(found);
    assertEquals(beginnings.size(), found.count());
    Map<Integer, List<Integer>> at = new HashMap<>();
    for (int b = 0; b < n; b++) {
      for (int p = 0; p < sequences.get(b).length; p++) {
        List<Integer> beginning = Arrays.stream(sequences.get(b), 0, p + 1).boxed().toList();
        List<Integer> before = at.put(found.of(b, p), beginning);
        assertTrue(before == null || before.equals(beginning));
      }
    }
    assertEquals(beginnings.size(), at.size());
  }

  @Property(tries = 60)
  void statesAndLogitsAreThoseOfASequenceAlone(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 8) int n) {
    LanguageModel model = MODELS.get(kind);
    List<Encoded> sequences = branches(new Random(seed), n);
    List<Layer> layers = List.of(new Layer(0), new Layer(2), model.topLayer());
    float[][] logits = model.nextTokenLogitsIds(ids(sequences));
    for (TokenPositions positions : List.of(TokenPositions.all(), TokenPositions.lastPrompt())) {
      Capture capture = new Capture(layers, positions);
      Activations together = model.captureIds(sequences, capture);
      int row = 0;
      for (int i = 0; i < n; i++) {
        Activations alone = model.captureIds(List.of(sequences.get(i)), capture);
        assertClose(model.nextTokenLogitsIds(List.of(sequences.get(i).ids()))[0], logits[i]);
        for (int k = 0; k < alone.labels().size(); k++, row++) {
          for (Layer l : layers) {
            assertClose(alone.at(l)[k], together.at(l)[row]);
          }
        }
      }
    }
  }

  @Property(tries = 60)
  void responsesOfOnePromptHaveTheirOwnProbabilities(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 8) int n) {
    LanguageModel model = MODELS.get(kind);
    List<Encoded> sequences = branches(new Random(seed), n);
    double[] found = model.logProbabilities(sequences);
    LanguageModel start = MODELS.get(0);
    List<ResponseScore> all = model.scoreAgainst(start, sequences);
    List<ResponseScore> some = model.scoreAgainst(start, sequences, i -> i % 2 == 0);
    int half = n / 2;
    List<ResponseScore> kept =
        model.scoreAgainst(start.reference(sequences.subList(0, half)), sequences.subList(half, n));
    for (int i = 0; i < n; i++) {
      ResponseScore alone = model.scoreAgainst(start, List.of(sequences.get(i))).get(0);
      double near = 1e-4 * Math.max(1, Math.abs(alone.logProbability()));
      assertEquals(alone.logProbability(), found[i], near);
      assertEquals(alone.logProbability(), all.get(i).logProbability(), near);
      assertEquals(alone.logProbability(), some.get(i).logProbability(), near);
      assertEquals(alone.divergence(), all.get(i).divergence(), 1e-4 + 1e-4 * alone.divergence());
      assertEquals(alone.logProbability(), kept.get(i).logProbability(), near);
      assertEquals(i < half ? all.get(i).divergence() : NaN, kept.get(i).divergence(), 1e-3);
      assertEquals(i % 2 == 0 ? all.get(i).divergence() : NaN, some.get(i).divergence(), 1e-3);
    }
  }

  /** Prompts of different lengths, which are padded in the cache, and one of two that are equal. */
  @Property(tries = 60)
  void textsAreThoseOfAPromptAlone(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 8) int n) {
    LanguageModel model = MODELS.get(kind);
    List<int[]> prompts = ids(branches(new Random(seed), n));
    Generation greedy = Generation.greedy(6);
    List<Completion> together = model.generateIds(prompts, greedy);
    for (int i = 0; i < n; i++) {
      Completion alone = model.generateIds(List.of(prompts.get(i)), greedy).get(0);
      assertArrayEquals(alone.ids(), together.get(i).ids(), "prompt " + i);
    }
  }

  /** A shared token's gradient is the sum over the sequences that it is in. */
  @Property(tries = 20)
  void gradientsAreTheSumOfThoseAlone(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 6) int n) {
    LanguageModel model = MODELS.get(kind);
    List<Encoded> sequences = branches(new Random(seed), n);
    try (GradientScope gradients = GradientScope.open();
        TrainableLora lora =
            new TrainableLora(
                model, TinyModels.lora(model.config(), 2, seed, new Layer(1), new Layer(3)));
        NDManager scope = model.pass().manager().newSubManager()) {
      assertNotNull(gradients);
      NDList together = lora.crossEntropy(sequences, scope);
      double[] loss = new double[1];
      List<float[]> sums = new ArrayList<>();
      for (Encoded e : sequences) {
        NDList alone = lora.crossEntropy(List.of(e), scope);
        loss[0] += alone.get(0).getFloat();
        for (int j = 1; j < alone.size(); j++) {
          float[] own = alone.get(j).toFloatArray();
          if (sums.size() < j) {
            sums.add(own);
          } else {
            for (int k = 0; k < own.length; k++) {
              sums.get(j - 1)[k] += own[k];
            }
          }
        }
      }
      assertEquals(loss[0], together.get(0).getFloat(), 1e-4 * Math.max(1, Math.abs(loss[0])));
      for (int j = 0; j < sums.size(); j++) {
        double d = TinyModels.relative(together.get(1 + j).toFloatArray(), sums.get(j));
        assertTrue(d < 1e-3, "gradient " + j + " differs by " + d);
      }
    }
  }

  /** Two responses of one prompt stay together, and a prompt's tokens count once. */
  @Example
  void responsesOfAPromptAreInOneBatchUnlessItIsFull() {
    int[] prompt = {1, 2, 3, 4, 5, 6};
    List<int[]> sequences = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      int[] ids = Arrays.copyOf(prompt, 8);
      ids[6] = 10 + i;
      ids[7] = 7;
      sequences.add(ids);
      sequences.add(new int[] {20 + i, 8, 9});
    }
    int[] starts = {6, 1, 6, 1, 6, 1, 6, 1, 6, 1};
    List<Batch> groups = Batch.groupByPrompt(sequences, starts, 12);
    Set<Integer> seen = new HashSet<>();
    List<List<Integer>> withPrompt = new ArrayList<>();
    for (Batch group : groups) {
      List<Integer> index = Arrays.stream(group.index()).boxed().toList();
      seen.addAll(index);
      if (group.sequences().get(0)[0] == 1) {
        withPrompt.add(index);
      }
      for (int b = 0; b < group.size(); b++) {
        assertArrayEquals(sequences.get(group.index()[b]), group.sequences().get(b));
      }
    }
    assertEquals(10, seen.size());
    assertEquals(List.of(List.of(0, 2, 4), List.of(6, 8)), withPrompt);
  }

  /** Attention is computed for padded rows, whose number sharing does not bound. */
  @Property
  void groupsAreNotMuchLargerThanTheirTokens(
      @ForAll @IntRange(min = 1, max = 60) int n,
      @ForAll @IntRange(max = 40) int prompt,
      @ForAll long seed) {
    Random random = new Random(seed);
    int[] start = TinyModels.ids(random, prompt);
    List<int[]> sequences = new ArrayList<>();
    int[] starts = new int[n];
    for (int i = 0; i < n; i++) {
      starts[i] = random.nextBoolean() ? prompt : 0;
      int[] ids = Arrays.copyOf(start, prompt + 1 + random.nextInt(60));
      ids[ids.length - 1] = random.nextInt(TinyModels.VOCABULARY);
      sequences.add(ids);
    }
    Set<Integer> seen = new HashSet<>();
    for (Batch group : Batch.groupByPrompt(sequences, starts, 128)) {
      Arrays.stream(group.index()).forEach(seen::add);
      int all = Arrays.stream(group.lengths()).sum();
      if (group.size() > 1) {
        assertTrue(group.size() * group.length() <= 1.5 * all);
        assertTrue(group.size() * group.length() <= 4 * 128);
      }
    }
    assertEquals(n, seen.size());
  }
}
