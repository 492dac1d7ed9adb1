package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What is drawn from is what transformers' processors leave, and it is drawn in that proportion.
 */
class SamplingTests {
  @TempDir static Path folder;
  private static LanguageModel model;

  @BeforeAll
  static void load() throws IOException {
    model = LanguageModel.load(TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 4));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  static Stream<JsonObject> cases() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(SamplingTests.class.getResourceAsStream("sampling.json"))) {
      JsonObject file =
          JsonParser.parseString(new String(in.readAllBytes(), StandardCharsets.UTF_8))
              .getAsJsonObject();
      return file.getAsJsonArray("cases").asList().stream().map(JsonElement::getAsJsonObject);
    }
  }

  private static double number(JsonObject object, String key, double otherwise) {
    return object.has(key) ? object.get(key).getAsDouble() : otherwise;
  }

  private static long[] longs(JsonElement array) {
    return array.getAsJsonArray().asList().stream().mapToLong(JsonElement::getAsLong).toArray();
  }

  /** Three rows; the script that made the goldens computes the same numbers. */
  private static NDArray logits(NDManager scope, int vocabulary) {
    float[] all = new float[3 * vocabulary];
    for (int b = 0; b < 3; b++) {
      for (int i = 0; i < vocabulary; i++) {
        all[b * vocabulary + i] = (float) (6 * Math.sin(0.37 * i * i + b));
      }
    }
    return scope.create(all, new Shape(3, vocabulary));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theDistributionIsThatOfTransformers(JsonObject c) {
    int vocabulary = c.get("vocabulary").getAsInt();
    Generation settings =
        Generation.builder(1)
            .temperature(c.get("temperature").getAsDouble())
            .topK((int) number(c, "topK", 0))
            .topP(number(c, "topP", 1))
            .minP(number(c, "minP", 0))
            .repetitionPenalty(number(c, "repetitionPenalty", 1))
            .build();
    try (NDManager scope = model.pass().manager().newSubManager()) {
      Decoder decoder = model.pass().decoder();
      long[] seen =
          c.getAsJsonArray("seen").asList().stream()
              .flatMapToLong(row -> Arrays.stream(longs(row)))
              .toArray();
      double[] found =
          decoder
              .distribution(
                  scope,
                  settings,
                  logits(scope, vocabulary),
                  Decoder.longs(scope, c.has("banned") ? longs(c.get("banned")) : new long[0]),
                  settings.repetitionPenalty() == 1
                      ? scope.create(new Shape(0))
                      : decoder.seen(scope, scope.create(seen, new Shape(3, 4)), vocabulary))
              .toDoubleArray();
      JsonArray rows = c.getAsJsonArray("rows");
      for (int b = 0; b < 3; b++) {
        JsonObject row = rows.get(b).getAsJsonObject();
        double[] own = Arrays.copyOfRange(found, b * vocabulary, (b + 1) * vocabulary);
        assertEquals(row.get("left").getAsInt(), Arrays.stream(own).filter(p -> p > 0).count());
        double squares = row.get("squares").getAsDouble();
        assertEquals(squares, Arrays.stream(own).map(p -> p * p).sum(), 3e-6 * squares);
        long[] ids = longs(row.get("ids"));
        for (int i = 0; i < ids.length; i++) {
          double p = row.getAsJsonArray("p").get(i).getAsDouble();
          assertEquals(p, own[(int) ids[i]], 2e-6 * p + 1e-8, "id " + ids[i]);
        }
      }
    }
  }

  private static long[] choose(Generation settings, float[] logits, double... draws) {
    int v = logits.length / draws.length;
    try (NDManager scope = model.pass().manager().newSubManager()) {
      return model
          .pass()
          .decoder()
          .choose(
              scope,
              settings,
              scope.create(logits, new Shape(draws.length, v)),
              Decoder.longs(scope, new long[0]),
              scope.create(new Shape(0)),
              draws,
              false)
          .get(0)
          .toLongArray();
    }
  }

  @Test
  void aDrawFallsOnTheFirstIdWhoseCumulatedProbabilityIsAboveIt() {
    float[] row = {(float) Math.log(1), (float) Math.log(2), -1e30f, (float) Math.log(5)};
    double[] draws = {0, 0.1249, 0.1251, 0.3749, 0.3751, Math.nextDown(1.0)};
    float[] logits = new float[draws.length * row.length];
    IntStream.range(0, draws.length)
        .forEach(b -> System.arraycopy(row, 0, logits, b * row.length, row.length));
    Generation hot = Generation.builder(1).temperature(1).build();
    assertArrayEquals(new long[] {0, 0, 1, 1, 3, 3}, choose(hot, logits, draws));
    Generation two = hot.toBuilder().topK(2).build();
    assertArrayEquals(new long[] {1, 1, 1, 3, 3, 3}, choose(two, logits, draws));
    assertArrayEquals(new long[] {3, 3, 3, 3, 3, 3}, choose(Generation.greedy(1), logits, draws));
  }

  @Test
  void idsAsLikelyAsTheLastOfTheTopStayToo() {
    Generation two = Generation.builder(1).temperature(1).topK(2).build();
    float[] row = {0, 1, 0, 0, -1};
    assertArrayEquals(new long[] {3}, choose(two, row, 0.999999));
    assertArrayEquals(new long[] {0}, choose(two, row, 0));
  }

  @Test
  void manyDrawsComeInTheProportionOfTheProbabilities() {
    int n = 20_000;
    double[] p = {0.1, 0.25, 0.05, 0.4, 0.2};
    float[] logits = new float[n * p.length];
    double[] draws = new double[n];
    for (int b = 0; b < n; b++) {
      for (int i = 0; i < p.length; i++) {
        logits[b * p.length + i] = (float) Math.log(p[i]);
      }
      draws[b] = Draws.at(Draws.seed(7, b), 3);
    }
    long[] tokens = choose(Generation.builder(1).temperature(1).build(), logits, draws);
    double chi = 0;
    for (int i = 0; i < p.length; i++) {
      int id = i;
      double expected = n * p[i];
      double d = Arrays.stream(tokens).filter(t -> t == id).count() - expected;
      chi += d * d / expected;
    }
    assertTrue(chi < 18.5, "chi square " + chi + " of four degrees of freedom"); // p = 0.001
  }

  @Test
  void numbersOfSequencesAndTokensAreUniformAndUncorrelated() {
    int n = 4000;
    for (long seed : new long[] {0, 1, -1, 42}) {
      double mean = 0;
      double lagged = 0;
      double across = 0;
      for (int i = 0; i < n; i++) {
        double u = Draws.at(Draws.seed(seed, i), 0) - 0.5;
        assertTrue(u >= -0.5 && u < 0.5);
        mean += u;
        lagged += u * (Draws.at(Draws.seed(seed, i), 1) - 0.5);
        across += u * (Draws.at(Draws.seed(seed, i + 1), 1) - 0.5);
      }
      // Standard deviations are 0.29 and 0.083 over the root of n.
      assertEquals(0, mean / n, 4 * 0.29 / Math.sqrt(n));
      assertEquals(0, lagged / n, 4 * 0.083 / Math.sqrt(n));
      assertEquals(0, across / n, 4 * 0.083 / Math.sqrt(n));
    }
  }

  @Test
  void marginsTellHowCloseADrawIsToAnotherToken() {
    float[] row = {0, (float) Math.log(1.2), (float) Math.log(2)};
    Generation hot = Generation.builder(1).temperature(1).build();
    assertEquals(1 / 4.2 - 0.2, margin(hot, row, 0.2), 1e-6);
    assertEquals(2.2 / 4.2 - 0.5, margin(hot, row, 0.5), 1e-6);
    assertEquals(0.05 / 0.55, margin(hot.toBuilder().minP(0.55).build(), row, 0.2), 1e-6);
    assertEquals(2.2 / 4.2 - 0.45, margin(hot.toBuilder().topP(0.55).build(), row, 0.2), 1e-6);
    assertEquals(Math.log(1.2), margin(hot.toBuilder().topK(2).build(), row, 0.19), 1e-6);
  }

  private static double margin(Generation settings, float[] row, double draw) {
    try (NDManager scope = model.pass().manager().newSubManager()) {
      NDList found =
          model
              .pass()
              .decoder()
              .choose(
                  scope,
                  settings,
                  scope.create(row, new Shape(1, row.length)),
                  Decoder.longs(scope, new long[0]),
                  scope.create(new Shape(0)),
                  new double[] {draw},
                  true);
      return found.get(2).toDoubleArray()[0];
    }
  }

  @Test
  void logProbabilitiesAreThoseOfTheRawLogits() {
    List<int[]> prompts = List.of(new int[] {1, 2, 3}, new int[] {4, 5});
    Generation settings =
        Generation.builder(5)
            .ignoreEnd(true)
            .temperature(1.7)
            .topK(9)
            .repetitionPenalty(1.4)
            .logProbabilities(true)
            .seed(3)
            .build();
    List<Completion> found = model.generateIds(prompts, settings);
    for (int i = 0; i < prompts.size(); i++) {
      int[] ids = found.get(i).ids();
      float[] chances = found.get(i).logProbabilities();
      assertEquals(5, chances.length);
      float[] scored = model.scoreIds(prompts.get(i), List.of(ids)).get(0).logProbabilities();
      assertArrayEquals(scored, chances, 2e-5f);
    }
    Completion without = model.generateIds(prompts, Generation.greedy(5)).get(0);
    assertEquals(0, without.logProbabilities().length);
  }
}
