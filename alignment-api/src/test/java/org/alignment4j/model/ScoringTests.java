package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import org.alignment4j.core.Layer;
import org.alignment4j.model.Steering.Kind;
import org.junit.jupiter.api.Test;

/** Scores over a shared prefix are those of each continuation on its own, in one full pass. */
class ScoringTests {
  private static final double TOLERANCE = 1e-5;
  private static final TinyFamilies MODELS = new TinyFamilies();

  /** All families; the last with a sliding window shorter than most prefixes. */
  private static LanguageModel model(int kind) {
    return MODELS.get(kind);
  }

  @AfterContainer
  static void close() throws IOException {
    MODELS.close();
  }

  /** Log-probabilities of a continuation from one pass over prefix and continuation. */
  private static double[] separate(LanguageModel model, int[] prefix, int[] continuation) {
    int[] all = java.util.Arrays.copyOf(prefix, prefix.length + continuation.length);
    System.arraycopy(continuation, 0, all, prefix.length, continuation.length);
    Batch batch = Batch.of(List.of(all), Batch.Side.RIGHT);
    int top = model.config().blocks();
    double[] result = new double[continuation.length];
    try (NDManager scope = model.pass().manager().newSubManager()) {
      List<Edit> edits =
          model
              .pass()
              .edits(scope, Batch.of(List.of(prefix), Batch.Side.RIGHT), continuation.length);
      NDArray x =
          model
              .pass()
              .decoder()
              .embed(scope, batch.tokenIds(scope), model.pass().weights(), null, false);
      NDArray states =
          model
              .pass()
              .decoder()
              .blocks(
                  scope,
                  x,
                  model.pass().weights(),
                  batch,
                  new Decoder.Pass(0, top, List.of(), new long[] {0}, null, edits),
                  false)
              .get(0);
      float[] logits =
          model.pass().decoder().head(scope, states, model.pass().weights()).toFloatArray();
      int v = model.config().vocabulary();
      for (int i = 0; i < continuation.length; i++) {
        int row = (prefix.length - 1 + i) * v;
        double sum = 0;
        for (int j = 0; j < v; j++) {
          sum += Math.exp(logits[row + j]);
        }
        result[i] = logits[row + continuation[i]] - Math.log(sum);
      }
    }
    return result;
  }

  private static void assertSeparate(LanguageModel model, int[] prefix, List<int[]> continuations) {
    List<ContinuationScore> found = model.scoreIds(prefix, continuations);
    assertEquals(continuations.size(), found.size());
    for (int i = 0; i < found.size(); i++) {
      double[] expected = separate(model, prefix, continuations.get(i));
      float[] own = found.get(i).logProbabilities();
      assertArrayEquals(continuations.get(i), found.get(i).ids());
      assertEquals(expected.length, own.length);
      double sum = 0;
      for (int j = 0; j < own.length; j++) {
        double bound = TOLERANCE * Math.max(1, Math.abs(expected[j]));
        assertEquals(expected[j], own[j], bound, "token " + j + " of continuation " + i);
        sum += own[j];
      }
      assertEquals(sum, found.get(i).sum(), 1e-9);
      assertEquals(own.length == 0 ? Double.NaN : sum / own.length, found.get(i).mean(), 1e-9);
    }
  }

  private static List<int[]> continuations(Random random, int n, int longest) {
    return IntStream.range(0, n)
        .mapToObj(i -> TinyModels.ids(random, random.nextInt(longest + 1)))
        .toList();
  }

  /** Prefixes and continuations that begin alike in every way, some the same, some empty. */
  private static List<int[]> alike(Random random, int[] start, int n, int longest) {
    List<int[]> all = new ArrayList<>();
    all.add(start);
    for (int i = 1; i < n; i++) {
      int[] other = all.get(random.nextInt(all.size()));
      int[] more = TinyModels.ids(random, random.nextInt(longest + 1));
      int kept = Math.min(other.length, random.nextInt(longest + 1));
      int[] own = Arrays.copyOf(other, kept + more.length);
      System.arraycopy(more, 0, own, kept, more.length);
      all.add(own);
    }
    return all;
  }

  @Property(tries = 60)
  void prefixesTogetherAreAsEachByItself(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 6) int n,
      @ForAll boolean steered) {
    Random random = new Random(seed);
    LanguageModel model = model(kind);
    int[] shared = TinyModels.ids(random, random.nextInt(3));
    List<int[]> prefixes =
        alike(random, TinyModels.ids(random, 1 + random.nextInt(5)), n, 5).stream()
            .map(ids -> ids.length == 0 ? new int[] {1} : ids)
            .map(ids -> IntStream.concat(Arrays.stream(shared), Arrays.stream(ids)).toArray())
            .toList();
    List<List<int[]>> continuations =
        IntStream.range(0, n)
            .mapToObj(i -> alike(random, TinyModels.ids(random, 4), random.nextInt(5) + 1, 4))
            .map(all -> random.nextInt(6) == 0 ? List.<int[]>of() : all)
            .toList();
    if (steered) {
      // Depends on where a prefix ends.
      Steering change =
          new Steering(
              new Layer(1),
              TokenPositions.lastPrompt(),
              Kind.ADD,
              TinyModels.noise(random, model.config().width()));
      try (LanguageModel view = model.with(change)) {
        assertTogether(view, prefixes, continuations);
      }
    } else {
      assertTogether(model, prefixes, continuations);
    }
  }

  private static void assertTogether(
      LanguageModel model, List<int[]> prefixes, List<List<int[]>> continuations) {
    List<List<ContinuationScore>> found = model.scoreIds(prefixes, continuations);
    assertEquals(prefixes.size(), found.size());
    for (int p = 0; p < prefixes.size(); p++) {
      assertEquals(continuations.get(p).size(), found.get(p).size());
      for (int i = 0; i < found.get(p).size(); i++) {
        ContinuationScore score = found.get(p).get(i);
        assertArrayEquals(continuations.get(p).get(i), score.ids());
        double[] expected = separate(model, prefixes.get(p), score.ids());
        for (int j = 0; j < expected.length; j++) {
          double bound = TOLERANCE * Math.max(1, Math.abs(expected[j]));
          assertEquals(expected[j], score.logProbabilities()[j], bound, p + " " + i + " " + j);
        }
      }
    }
  }

  /** A tree holds some 512 tokens, so these need several, and one prefix is run by itself. */
  @Test
  void manyAndLongPrefixesTogether() {
    Random random = new Random(5);
    LanguageModel model = model(0);
    int longest = model.longestSequence();
    List<int[]> prefixes = new ArrayList<>();
    List<List<int[]>> continuations = new ArrayList<>();
    for (int length : new int[] {100, 30, 90, longest - 8, 100, 100, 70, 100, 100, 100}) {
      int[] ids = TinyModels.ids(random, Math.min(length, longest - 8));
      ids[0] = 2;
      prefixes.add(ids);
      continuations.add(alike(random, TinyModels.ids(random, 3), 6, 4));
    }
    assertTogether(model, prefixes, continuations);
  }

  @Test
  void wrongPrefixesAreNamed() {
    LanguageModel model = model(0);
    List<List<int[]>> one = List.of(List.of(new int[] {1}));
    assertTrue(
        assertThrows(
                IllegalArgumentException.class,
                () -> model.scoreIds(List.of(new int[] {1}, new int[] {2}), one))
            .getMessage()
            .contains("2 prefixes, continuations of 1"));
    assertTrue(
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    model.scoreIds(
                        List.of(new int[] {1}, new int[0]),
                        List.of(List.of(new int[] {1}), List.of())))
            .getMessage()
            .contains("prefix 1: the prefix is empty"));
    assertEquals(List.of(), model.scoreIds(List.of(), List.of()));
  }

  @Property(tries = 60)
  void aSharedPrefixChangesNothing(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind,
      @ForAll long seed,
      @ForAll @IntRange(max = 12) int n) {
    Random random = new Random(seed);
    int[] prefix = TinyModels.ids(random, 1 + random.nextInt(20));
    assertSeparate(model(kind), prefix, continuations(random, n, 10));
  }

  @Property(tries = 30)
  void steeringActsOnPrefixAndContinuations(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind,
      @ForAll long seed,
      @ForAll Kind what,
      @ForAll @IntRange(max = 3) int where) {
    Random random = new Random(seed);
    float[] v = new float[24];
    for (int i = 0; i < v.length; i++) {
      v[i] = (float) random.nextGaussian();
    }
    TokenPositions positions =
        List.of(
                TokenPositions.all(),
                TokenPositions.response(),
                TokenPositions.lastPrompt(),
                TokenPositions.range(1, 3))
            .get(where);
    LanguageModel base = model(kind);
    Layer layer = new Layer(random.nextInt(4));
    LanguageModel steered = base.with(new Steering(layer, positions, what, v));
    int[] prefix = TinyModels.ids(random, 3 + random.nextInt(9));
    List<int[]> some = continuations(random, 5, 8);
    assertSeparate(steered, prefix, some);
    List<int[]> one = List.of(TinyModels.ids(random, 6));
    float[] a = base.scoreIds(prefix, one).get(0).logProbabilities();
    float[] b = steered.scoreIds(prefix, one).get(0).logProbabilities();
    // What is done to token 2 reaches, window by window, the token that the first score is read at.
    int window = base.config().slidingWindow();
    int blocks = base.topLayer().index() - layer.index();
    int reach = window > 0 ? 2 + blocks * (window - 1) : blocks > 0 ? Integer.MAX_VALUE : 2;
    boolean unseen = where == 3 && prefix.length - 1 > reach;
    assertTrue(
        unseen || TinyModels.difference(a, b) > 1e-4,
        () -> base.config() + ": steering at " + layer + " does something");
  }

  @Property(tries = 2)
  void continuationsOfSeveralRowsAreScoredTheSame(@ForAll long seed) {
    Random random = new Random(seed);
    assertSeparate(
        model(TinyFamilies.LAST), TinyModels.ids(random, 9), continuations(random, 150, 30));
  }

  @net.jqwik.api.Example
  void badRequestsAreRefusedAndNoneGivesNone() {
    LanguageModel model = model(0);
    assertEquals(List.of(), model.scoreIds(new int[] {1}, List.of()));
    assertEquals(0, model.scoreIds(new int[] {1}, List.of(new int[0])).get(0).sum());
    List<int[]> fine = List.of(new int[] {1});
    assertThrows(IllegalArgumentException.class, () -> model.scoreIds(new int[0], fine));
    assertThrows(IllegalArgumentException.class, () -> model.scoreIds(new int[] {-1}, fine));
    for (int[] bad : new int[][] {{TinyModels.VOCABULARY}, new int[TinyModels.CONTEXT]}) {
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> model.scoreIds(new int[] {1}, List.of(new int[] {2}, bad)))
              .getMessage();
      assertTrue(message.contains("1"), message);
    }
  }

  @net.jqwik.api.Example
  void anInterruptCancelsAndNothingIsLeftBehind() {
    LanguageModel model = model(0);
    List<int[]> some = List.of(new int[] {1, 2, 3});
    model.scoreIds(new int[] {1}, some);
    int before = model.pass().manager().getManagedArrays().size();
    Thread.currentThread().interrupt();
    try {
      assertThrows(
          org.alignment4j.core.CancelledException.class, () -> model.scoreIds(new int[] {1}, some));
    } finally {
      Thread.interrupted();
    }
    assertEquals(before, model.pass().manager().getManagedArrays().size());
  }
}
