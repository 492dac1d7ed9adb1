package org.alignment4j.analysis;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.alignment4j.analysis.LogisticProbe.Settings;
import org.alignment4j.core.CancelledException;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LogisticProbeTests {
  static Stream<JsonObject> golden() {
    return Golden.cases("logistic").stream();
  }

  @ParameterizedTest
  @MethodSource("golden")
  void agreesWithScikitLearn(JsonObject golden) {
    float[][] positive = Golden.floats(Golden.matrix(golden.get("positive")));
    float[][] negative = Golden.floats(Golden.matrix(golden.get("negative")));
    Settings settings =
        new Settings(golden.get("l2").getAsDouble(), golden.get("standardise").getAsBoolean(), 100);
    LogisticProbe probe = LogisticProbe.fit(positive, negative, settings);
    assertTrue(probe.converged(), () -> probe.iterations() + " iterations");
    assertTrue(probe.iterations() < 30, () -> probe.iterations() + " iterations");
    assertArrayEquals(Golden.vector(golden.get("weights")), probe.weights(), 1e-7);
    assertEquals(golden.get("intercept").getAsDouble(), probe.intercept(), 1e-7);
    double[] probability =
        Stream.concat(Arrays.stream(positive), Arrays.stream(negative))
            .mapToDouble(probe::probability)
            .toArray();
    assertArrayEquals(Golden.vector(golden.get("probability")), probability, 1e-8);
  }

  @Property(tries = 60)
  void theGradientVanishesAtTheSolution(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 15) int n,
      @ForAll @IntRange(min = 1, max = 25) int width) {
    Random random = new Random(seed);
    float[][] positive = Golden.floats(Clouds.gaussian(random, n, width, 0.4));
    float[][] negative = Golden.floats(Clouds.gaussian(random, n + 1, width, -0.4));
    double l2 = Math.pow(10, -random.nextInt(5));
    LogisticProbe probe = LogisticProbe.fit(positive, negative, new Settings(l2, false, 100));
    assertTrue(probe.converged());
    double[] gradient = Arrays.stream(probe.weights()).map(w -> l2 * w).toArray();
    double sum = 0;
    int rows = 2 * n + 1;
    for (int i = 0; i < rows; i++) {
      float[] row = i < n ? positive[i] : negative[i - n];
      double error = (probe.probability(row) - (i < n ? 1 : 0)) / rows;
      sum += error;
      for (int j = 0; j < width; j++) {
        gradient[j] += error * row[j];
      }
    }
    assertEquals(0, sum, 1e-8);
    assertArrayEquals(new double[width], gradient, 1e-8);
  }

  @Property(tries = 40)
  void exchangingTheClassesNegatesTheProbe(@ForAll long seed) {
    Random random = new Random(seed);
    float[][] a = Golden.floats(Clouds.gaussian(random, 9, 4, 1));
    float[][] b = Golden.floats(Clouds.gaussian(random, 6, 4, 0));
    LogisticProbe probe = LogisticProbe.fit(a, b, Settings.DEFAULT);
    LogisticProbe opposite = LogisticProbe.fit(b, a, Settings.DEFAULT);
    assertArrayEquals(
        Arrays.stream(probe.weights()).map(w -> -w).toArray(), opposite.weights(), 1e-7);
    assertEquals(-probe.intercept(), opposite.intercept(), 1e-7);
  }

  @Test
  void standardisedColumnsMayComeInAnyUnitAndFromAnyOrigin() {
    Random random = new Random(3);
    double[][] a = Clouds.gaussian(random, 20, 3, 0.5);
    double[][] b = Clouds.gaussian(random, 20, 3, -0.5);
    double[] shift = {64, -8, 0};
    LogisticProbe probe = LogisticProbe.fit(Golden.floats(a), Golden.floats(b), Settings.DEFAULT);
    LogisticProbe moved =
        LogisticProbe.fit(
            Golden.floats(Clouds.moved(a, 1024, shift)),
            Golden.floats(Clouds.moved(b, 1024, shift)),
            Settings.DEFAULT);
    for (int i = 0; i < 20; i++) {
      float[] row = Golden.floats(new double[][] {a[i]})[0];
      float[] image = Golden.floats(Clouds.moved(new double[][] {a[i]}, 1024, shift))[0];
      assertEquals(probe.logOdds(row), moved.logOdds(image), 1e-4);
    }
  }

  @Test
  void separableClassesGiveFiniteWeightsThatGrowAsTheRegularisationFalls() {
    float[][] positive = {{1}, {2}};
    float[][] negative = {{-1}, {-2}};
    double before = 0;
    for (double l2 : new double[] {1, 1e-2, 1e-4, 1e-6, 1e-8}) {
      LogisticProbe probe = LogisticProbe.fit(positive, negative, new Settings(l2, false, 100));
      assertTrue(probe.converged(), () -> "l2 " + l2);
      assertTrue(probe.weights()[0] > before && probe.weights()[0] < 100);
      assertEquals(0, probe.intercept(), 1e-9);
      before = probe.weights()[0];
    }
  }

  @Test
  void equalClassesGiveNoWeights() {
    float[][] rows = {{1, 5}, {2, 5}};
    LogisticProbe probe = LogisticProbe.fit(rows, rows, Settings.DEFAULT);
    assertTrue(probe.converged());
    assertArrayEquals(new double[2], probe.weights(), 1e-12);
    assertEquals(0.5, probe.probability(rows[0]), 1e-12);
    float[][] one = {{3}};
    assertEquals(0, LogisticProbe.fit(one, one, Settings.DEFAULT).weights()[0]);
  }

  @Test
  void saysWhenStepsRanOut() {
    Random random = new Random(4);
    float[][] a = Golden.floats(Clouds.gaussian(random, 20, 5, 1));
    float[][] b = Golden.floats(Clouds.gaussian(random, 20, 5, 0));
    LogisticProbe probe = LogisticProbe.fit(a, b, new Settings(1e-3, true, 1));
    assertFalse(probe.converged());
    assertEquals(1, probe.iterations());
  }

  @Test
  void isFastOnWideRowsWithHugeColumns() {
    Random random = new Random(6);
    double[][] a = Clouds.gaussian(random, 100, 4096, 0);
    double[][] b = Clouds.gaussian(random, 100, 4096, 0);
    for (double[] row : a) {
      row[17] = row[17] * 10 + 3000;
      row[5] += 2;
    }
    for (double[] row : b) {
      row[17] = row[17] * 10 + 3000;
    }
    for (boolean standardise : new boolean[] {true, false}) {
      LogisticProbe probe =
          Assertions.assertTimeout(
              Duration.ofSeconds(20),
              () ->
                  LogisticProbe.fit(
                      Golden.floats(a), Golden.floats(b), new Settings(0.01, standardise, 100)));
      assertTrue(probe.converged());
      double[] weights = probe.weights();
      assertEquals(Arrays.stream(weights).max().orElseThrow(), weights[5]);
    }
  }

  @Test
  void anInterruptCancelsAndBadArgumentsAreNamed() {
    float[][] rows = {{1, 2}};
    Thread.currentThread().interrupt();
    assertThrows(
        CancelledException.class,
        () -> LogisticProbe.fit(rows, new float[][] {{2, 1}}, Settings.DEFAULT));
    assertTrue(Thread.interrupted());
    assertThrows(
        IllegalArgumentException.class,
        () -> LogisticProbe.fit(rows, new float[][] {{1}}, Settings.DEFAULT));
    assertThrows(
        IllegalArgumentException.class,
        () -> LogisticProbe.fit(rows, new float[0][], Settings.DEFAULT));
    assertThrows(IllegalArgumentException.class, () -> new Settings(0, true, 10));
    assertThrows(IllegalArgumentException.class, () -> new Settings(1, true, 0));
    LogisticProbe probe = LogisticProbe.fit(rows, new float[][] {{2, 1}}, Settings.DEFAULT);
    assertThrows(IllegalArgumentException.class, () -> probe.probability(new float[1]));
  }
}
