package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import org.alignment4j.adapter.SoftPrompt;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.Layer;

/** Given responses are as likely, and two models as far apart, as their logits say. */
class ResponsesTests {
  private static final TinyFamilies MODELS = new TinyFamilies();

  @AfterContainer
  static void close() {
    MODELS.close();
  }

  private static LanguageModel model(int kind) {
    return MODELS.get(kind);
  }

  private static List<Encoded> sequences(Random random, int n) {
    return IntStream.range(0, n)
        .mapToObj(
            i -> {
              int[] ids = TinyModels.ids(random, 2 + random.nextInt(14));
              return new Encoded(ids, random.nextInt(ids.length));
            })
        .toList();
  }

  /** Log softmax of what follows the first {@code length} tokens, in float64. */
  private static double[] distribution(LanguageModel model, int[] ids, int length) {
    float[] logits = model.nextTokenLogitsIds(List.of(Arrays.copyOf(ids, length)))[0];
    double max = Double.NEGATIVE_INFINITY;
    for (float f : logits) {
      max = Math.max(max, f);
    }
    double sum = 0;
    for (float f : logits) {
      sum += Math.exp(f - max);
    }
    double[] chances = new double[logits.length];
    for (int j = 0; j < chances.length; j++) {
      chances[j] = logits[j] - max - Math.log(sum);
    }
    return chances;
  }

  private static double logProbability(LanguageModel model, Encoded e) {
    int[] ids = e.ids();
    double sum = 0;
    for (int p = Math.max(1, e.responseStart()); p < ids.length; p++) {
      sum += distribution(model, ids, p)[ids[p]];
    }
    return sum;
  }

  private static double divergence(LanguageModel model, LanguageModel start, Encoded e) {
    int[] ids = e.ids();
    int first = Math.max(1, e.responseStart());
    double sum = 0;
    for (int p = first; p < ids.length; p++) {
      double[] own = distribution(model, ids, p);
      double[] other = distribution(start, ids, p);
      for (int j = 0; j < own.length; j++) {
        sum += Math.exp(own[j]) * (own[j] - other[j]);
      }
    }
    return sum / (ids.length - first);
  }

  private static void near(double expected, double found, String what) {
    assertEquals(expected, found, 1e-4 * Math.max(0.1, Math.abs(expected)), what);
  }

  /** Token 5, then 6 of the prompt; 7 and 8 are the response: predicted from 6 and from 7. */
  @Example
  void twoTokensByHand() {
    LanguageModel model = model(0);
    int[] ids = {5, 6, 7, 8};
    double second = distribution(model, ids, 2)[7];
    double third = distribution(model, ids, 3)[8];
    double first = distribution(model, ids, 1)[6];
    double[] found =
        model.logProbabilities(
            List.of(new Encoded(ids, 2), new Encoded(ids, 3), new Encoded(ids, 0)));
    near(second + third, found[0], "both");
    near(third, found[1], "the last");
    near(first + second + third, found[2], "nothing predicts the first");
  }

  @Property(tries = 40)
  void logProbabilitiesAreThoseOfTheLogitsWhateverElseIsInTheBatch(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 8) int n) {
    LanguageModel model = model(kind);
    List<Encoded> sequences = sequences(new Random(seed), n);
    double[] together = model.logProbabilities(sequences);
    for (int i = 0; i < n; i++) {
      Encoded e = sequences.get(i);
      near(model.logProbabilities(List.of(e))[0], together[i], "alone");
      near(logProbability(model, e), together[i], "logits");
    }
  }

  @Property(tries = 40)
  void logProbabilitiesAddUpToScores(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind, @ForAll long seed) {
    LanguageModel model = model(kind);
    for (Encoded e : sequences(new Random(seed), 3)) {
      int at = Math.max(1, e.responseStart());
      int[] ids = e.ids();
      ContinuationScore score =
          model
              .scoreIds(Arrays.copyOf(ids, at), List.of(Arrays.copyOfRange(ids, at, ids.length)))
              .get(0);
      near(score.sum(), model.logProbabilities(List.of(e))[0], "score");
    }
  }

  @Property(tries = 10)
  void divergenceIsThatOfTheLogitsAndNoneFromItself(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 6) int n) {
    LanguageModel model = model(kind);
    List<Encoded> sequences = sequences(new Random(seed), n);
    assertArrayEquals(new double[n], model.divergence(model, sequences));
    try (LanguageModel tuned =
        model.with(TinyModels.lora(model.config(), 2, seed, new Layer(1), new Layer(3)))) {
      double[] found = tuned.divergence(model, sequences);
      double[] back = model.divergence(tuned, sequences);
      for (int i = 0; i < n; i++) {
        assertTrue(found[i] > 0 && back[i] > 0);
        near(divergence(tuned, model, sequences.get(i)), found[i], "to start");
        near(divergence(model, tuned, sequences.get(i)), back[i], "from start");
      }
      near(logProbability(tuned, sequences.get(0)), tuned.logProbabilities(sequences)[0], "LoRA");
      List<ResponseScore> both = tuned.scoreAgainst(model, sequences);
      for (int i = 0; i < n; i++) {
        assertEquals(found[i], both.get(i).divergence());
        near(logProbability(tuned, sequences.get(i)), both.get(i).logProbability(), "in one pass");
      }
    }
  }

  @Property(tries = 20)
  void oneRowOfLogitsAtATimeGivesTheSame(@ForAll long seed) {
    LanguageModel model = model(0);
    LanguageModel steered = steered(model, TokenPositions.all());
    List<Encoded> sequences = sequences(new Random(seed), 5);
    double[] whole = model.logProbabilities(sequences);
    double[] moved = steered.divergence(model, sequences);
    for (int logits : new int[] {1, 2 * TinyModels.VOCABULARY, 7 * TinyModels.VOCABULARY}) {
      Responses some = new Responses(model.pass(), sequences, logits);
      double[] sums = some.logProbabilities();
      List<ResponseScore> both =
          new Responses(steered.pass(), sequences, logits).comparedWith(some.other(), i -> true);
      double[] means = both.stream().mapToDouble(ResponseScore::divergence).toArray();
      for (int i = 0; i < sums.length; i++) {
        near(whole[i], sums[i], "log-probability");
        near(moved[i], means[i], "divergence");
      }
    }
  }

  private static LanguageModel steered(LanguageModel model, TokenPositions where) {
    float[] v = TinyModels.noise(new Random(4), model.config().width());
    for (int j = 0; j < v.length; j++) {
      v[j] *= 5;
    }
    return model.with(new Steering(model.topLayer(), where, Steering.Kind.ADD, v));
  }

  @Property(tries = 20)
  void steeringCounts(@ForAll @IntRange(max = TinyFamilies.LAST) int kind, @ForAll long seed) {
    LanguageModel model = model(kind);
    LanguageModel everywhere = steered(model, TokenPositions.all());
    List<Encoded> sequences = sequences(new Random(seed), 4);
    double[] found = everywhere.logProbabilities(sequences);
    double[] moved = everywhere.divergence(model, sequences);
    for (int i = 0; i < found.length; i++) {
      near(logProbability(everywhere, sequences.get(i)), found[i], "log-probability");
      near(divergence(everywhere, model, sequences.get(i)), moved[i], "divergence");
    }
    // At the top layer nothing is mixed, so that a response's first token alone stays as likely.
    int[] ids = TinyModels.ids(new Random(seed), 6);
    List<Encoded> last = List.of(new Encoded(ids, 5));
    LanguageModel response = steered(model, TokenPositions.response());
    near(model.logProbabilities(last)[0], response.logProbabilities(last)[0], "prompt untouched");
    assertEquals(0, response.divergence(model, last)[0], 1e-6);
  }

  @Property(tries = 20)
  void aSoftPromptShiftsWhatPredictsWhat(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind, @ForAll long seed) {
    LanguageModel model = model(kind);
    Random random = new Random(seed);
    int tokens = 1 + random.nextInt(4);
    SoftPrompt soft =
        new SoftPrompt(
            tokens,
            model.config().width(),
            TinyModels.noise(random, tokens * model.config().width()),
            TunedBlockTests.provenance());
    List<Encoded> sequences = sequences(random, 4);
    try (LanguageModel prompted = model.with(soft)) {
      assertEquals(TinyModels.CONTEXT - tokens, prompted.longestSequence());
      double[] found = prompted.logProbabilities(sequences);
      double[] moved = prompted.divergence(model, sequences);
      for (int i = 0; i < found.length; i++) {
        near(logProbability(prompted, sequences.get(i)), found[i], "log-probability");
        near(divergence(prompted, model, sequences.get(i)), moved[i], "divergence");
      }
    }
  }

  @Property(tries = 10)
  void eachSequenceKeepsItsOwnSteering(@ForAll long seed) {
    LanguageModel model = model(0);
    Random random = new Random(seed);
    List<Encoded> sequences = sequences(random, 4);
    List<List<Steering>> changes = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      float[] v = TinyModels.noise(random, model.config().width());
      changes.add(List.of(new Steering(new Layer(1), TokenPositions.all(), Steering.Kind.ADD, v)));
    }
    LanguageModel each = model.withEach(changes);
    double[] found = each.logProbabilities(sequences);
    double[] moved = each.divergence(model, sequences);
    for (int i = 0; i < 4; i++) {
      LanguageModel own = model.with(changes.get(i).toArray(Steering[]::new));
      List<Encoded> one = List.of(sequences.get(i));
      near(own.logProbabilities(one)[0], found[i], "log-probability");
      near(own.divergence(model, one)[0], moved[i], "divergence");
    }
  }

  @Example
  void badRequestsAreRefusedByIndex() {
    LanguageModel model = model(0);
    Encoded fine = new Encoded(new int[] {1, 2}, 1);
    assertThrows(IllegalArgumentException.class, () -> model.logProbabilities(List.of()));
    for (Encoded bad :
        List.of(
            new Encoded(new int[] {1, 2}, 2),
            new Encoded(new int[] {1}, 0),
            new Encoded(new int[0], 0),
            new Encoded(new int[] {1, TinyModels.VOCABULARY}, 1),
            new Encoded(new int[TinyModels.CONTEXT + 1], 1))) {
      for (int what = 0; what < 2; what++) {
        boolean first = what == 0;
        String message =
            assertThrows(
                    IllegalArgumentException.class,
                    () -> {
                      if (first) {
                        model.logProbabilities(List.of(fine, bad));
                      } else {
                        model.divergence(model, List.of(fine, bad));
                      }
                    })
                .getMessage();
        assertTrue(message.contains("sequence 1"), message);
      }
    }
    try (LanguageModel given = model.withInputEmbeddings(new float[1][model.config().width()])) {
      Encoded inPrompt = new Encoded(new int[] {-1, 2}, 1);
      assertTrue(given.logProbabilities(List.of(inPrompt))[0] < 0);
      Encoded inResponse = new Encoded(new int[] {2, -1}, 1);
      assertThrows(
          IllegalArgumentException.class, () -> given.logProbabilities(List.of(inResponse)));
    }
  }

  @Example
  void anInterruptCancelsAndNothingIsLeftBehind() {
    LanguageModel model = model(0);
    List<Encoded> some = List.of(new Encoded(new int[] {1, 2, 3}, 1));
    model.divergence(model, some);
    model.logProbabilities(some);
    int before = model.pass().manager().getManagedArrays().size();
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancelledException.class, () -> model.logProbabilities(some));
      assertThrows(CancelledException.class, () -> model.divergence(model, some));
    } finally {
      Thread.interrupted();
    }
    model.divergence(model, some);
    assertEquals(before, model.pass().manager().getManagedArrays().size());
  }
}
