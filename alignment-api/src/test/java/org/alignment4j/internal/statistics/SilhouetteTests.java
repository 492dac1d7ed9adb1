package org.alignment4j.internal.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.Arrays;
import java.util.Collections;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.alignment4j.analysis.Clouds;
import org.alignment4j.analysis.Golden;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SilhouetteTests {
  static Stream<JsonObject> golden() {
    return Golden.cases("silhouette").stream();
  }

  @ParameterizedTest
  @MethodSource("golden")
  void agreesWithScikitLearn(JsonObject golden) {
    double[][] first = Golden.matrix(golden.get("first"));
    double[][] second = Golden.matrix(golden.get("second"));
    double expected = golden.get("score").getAsDouble();
    // scikit-learn takes distances from a Gram matrix, which costs it digits on huge coordinates.
    assertEquals(expected, Silhouette.score(first, second), 1e-8);
    assertEquals(expected, Silhouette.score(Golden.floats(first), Golden.floats(second)), 1e-8);
  }

  @Property(tries = 60)
  void agreesWithTheDefinition(
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 70) int n1,
      @ForAll @IntRange(min = 1, max = 40) int n2,
      @ForAll @IntRange(min = 1, max = 9) int width) {
    Random random = new Random(seed);
    double[][] first = Clouds.gaussian(random, n1, width, 0);
    double[][] second = Clouds.gaussian(random, n2, width, 1);
    double total = 0;
    for (double[] row : first) {
      total += silhouette(row, first, second);
    }
    for (double[] row : second) {
      total += silhouette(row, second, first);
    }
    assertEquals(total / (n1 + n2), Silhouette.score(first, second), 1e-12);
  }

  @Property(tries = 60)
  void ignoresTranslationRotationScaleOrderAndNames(
      @ForAll long seed, @ForAll @DoubleRange(min = 0.01, max = 100) double scale) {
    Random random = new Random(seed);
    double[][] first = Clouds.gaussian(random, 12, 5, 0);
    double[][] second = Clouds.gaussian(random, 9, 5, 0.5);
    double[] shift = Clouds.gaussian(random, 1, 5, 3)[0];
    double score = Silhouette.score(first, second);
    assertEquals(
        score,
        Silhouette.score(Clouds.moved(first, scale, shift), Clouds.moved(second, scale, shift)),
        1e-9);
    assertEquals(
        score,
        Silhouette.score(Clouds.reflected(first, shift), Clouds.reflected(second, shift)),
        1e-9);
    assertEquals(score, Silhouette.score(second, first), 1e-12);
    Collections.shuffle(Arrays.asList(first), random);
    assertEquals(score, Silhouette.score(first, second), 1e-12);
  }

  @Test
  void isOneForTwoPointsAndZeroForOne() {
    double[][] zero = {{0, 0}, {0, 0}};
    double[][] one = {{1, 0}, {1, 0}};
    assertEquals(1, Silhouette.score(zero, one));
    assertEquals(0, Silhouette.score(zero, zero));
  }

  @Test
  void survivesAnOffsetThatWouldCancelInAGramMatrix() {
    double[] far = {1e8, -1e8};
    double[][] first = {{0, 0}, {0, 1}, {1, 0}};
    double[][] second = {{3, 3}, {3, 4}, {4, 3}};
    assertEquals(
        Silhouette.score(first, second),
        Silhouette.score(Clouds.moved(first, 1, far), Clouds.moved(second, 1, far)),
        1e-12);
  }

  @Test
  void namesRowAndColumnOfNan() {
    float[][] bad = {{1, 2}, {3, Float.NaN}};
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Silhouette.score(new float[2][2], bad));
    assertEquals("second: row 1, column 1 is NaN, not finite", e.getMessage());
  }

  @Test
  void refusesWhatHasNoSilhouette() {
    assertThrows(
        IllegalArgumentException.class, () -> Silhouette.score(new float[1][2], new float[1][2]));
    assertThrows(
        IllegalArgumentException.class, () -> Silhouette.score(new float[0][2], new float[3][2]));
    assertThrows(
        IllegalArgumentException.class, () -> Silhouette.score(new float[2][3], new float[2][2]));
    assertThrows(
        IllegalArgumentException.class,
        () -> Silhouette.score(new float[][] {{1, 2}, {1}}, new float[2][2]));
  }

  @Test
  void leavesItsInputAlone() {
    float[][] rows = {{1, 2}, {3, 4}};
    float[][] other = {{1, 2}, {3, 5}};
    assertTrue(Silhouette.score(rows, other) < 1);
    assertTrue(Arrays.deepEquals(new float[][] {{1, 2}, {3, 4}}, rows));
  }

  private static double silhouette(double[] row, double[][] own, double[][] other) {
    if (own.length == 1) {
      return 0;
    }
    double a = 0;
    for (double[] peer : own) {
      a += distance(row, peer) / (own.length - 1);
    }
    double b = 0;
    for (double[] peer : other) {
      b += distance(row, peer) / other.length;
    }
    return (b - a) / Math.max(a, b);
  }

  private static double distance(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += (x[i] - y[i]) * (x[i] - y[i]);
    }
    return Math.sqrt(sum);
  }
}
