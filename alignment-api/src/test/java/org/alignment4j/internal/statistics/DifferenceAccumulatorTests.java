package org.alignment4j.internal.statistics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.alignment4j.analysis.Clouds;
import org.alignment4j.analysis.Golden;
import org.alignment4j.internal.statistics.Pca.DifferenceAccumulator;
import org.junit.jupiter.api.Test;

class DifferenceAccumulatorTests {
  @Property(tries = 60)
  void agreesWithAllPairsAtOnce(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 80) int n,
      @ForAll @IntRange(min = 1, max = 12) int width) {
    float[][] positive = rows(seed, n, width, 1);
    float[][] negative = rows(seed + 1, n, width, 0);
    DifferenceAccumulator accumulator = new DifferenceAccumulator(width);
    add(accumulator, positive, negative, 0, n);
    assertSame(positive, negative, accumulator);
  }

  @Property(tries = 60)
  void mergingPartsEqualsTheWhole(
      @ForAll long seed, @ForAll @IntRange(min = 0, max = 50) int split) {
    float[][] positive = rows(seed, 50, 20, 1);
    float[][] negative = rows(seed + 1, 50, 20, 0);
    DifferenceAccumulator left = new DifferenceAccumulator(20);
    DifferenceAccumulator right = new DifferenceAccumulator(20);
    add(left, positive, negative, 0, split);
    add(right, positive, negative, split, 50);
    left.merge(right);
    assertSame(positive, negative, left);
    assertEquals(50 - split, right.count());
  }

  @Test
  void mergedWithItselfItHasSeenAllTwice() {
    for (int n : new int[] {3, 30}) {
      float[][] positive = rows(1, n, 5, 1);
      float[][] negative = rows(2, n, 5, 0);
      DifferenceAccumulator accumulator = new DifferenceAccumulator(5);
      add(accumulator, positive, negative, 0, n);
      Pca once = accumulator.components(2);
      accumulator.merge(accumulator);
      assertEquals(2 * n, accumulator.count());
      assertArrayEquals(
          once.explainedVariance(), accumulator.components(2).explainedVariance(), 1e-10);
    }
  }

  @Test
  void canGoOnAfterAnAnswer() {
    float[][] positive = rows(1, 40, 6, 1);
    float[][] negative = rows(2, 40, 6, 0);
    DifferenceAccumulator accumulator = new DifferenceAccumulator(6);
    add(accumulator, positive, negative, 0, 25);
    assertEquals(2, accumulator.components(2).size());
    add(accumulator, positive, negative, 25, 40);
    assertSame(positive, negative, accumulator);
  }

  @Test
  void refusesOtherWidthsNumbersThatAreNotFiniteAndEarlyQuestions() {
    DifferenceAccumulator accumulator = new DifferenceAccumulator(2);
    assertThrows(IllegalStateException.class, accumulator::mean);
    assertThrows(IllegalArgumentException.class, () -> accumulator.components(1));
    assertThrows(IllegalArgumentException.class, () -> accumulator.add(new float[2], new float[3]));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> accumulator.add(new float[] {1, Float.NaN}, new float[2]));
    assertEquals("pair 0, column 1 is NaN and 0.0, not finite", e.getMessage());
    assertEquals(0, accumulator.count());
    assertThrows(
        IllegalArgumentException.class, () -> accumulator.merge(new DifferenceAccumulator(1)));
    assertThrows(IllegalArgumentException.class, () -> new DifferenceAccumulator(0));
  }

  private static float[][] rows(long seed, int n, int width, double centre) {
    return Golden.floats(Clouds.gaussian(new Random(seed), n, width, centre));
  }

  private static void add(
      DifferenceAccumulator to, float[][] positive, float[][] negative, int from, int end) {
    for (int i = from; i < end; i++) {
      to.add(positive[i], negative[i]);
    }
  }

  private static void assertSame(
      float[][] positive, float[][] negative, DifferenceAccumulator accumulator) {
    int n = positive.length;
    int width = positive[0].length;
    assertEquals(n, accumulator.count());
    double[] mean = new double[width];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < width; j++) {
        mean[j] += ((double) positive[i][j] - negative[i][j]) / n;
      }
    }
    assertArrayEquals(mean, accumulator.mean(), 1e-12);
    Pca expected = Pca.ofDifferences(positive, negative, 1);
    Pca actual = accumulator.components(1);
    assertEquals(expected.explainedVariance()[0], actual.explainedVariance()[0], 1e-9);
    assertEquals(expected.explainedVarianceRatio()[0], actual.explainedVarianceRatio()[0], 1e-9);
    // Components of nearly equal variance turn into one another under rounding.
    double[] e = expected.component(0);
    double[] a = actual.component(0);
    if (width == 1 || expected.explainedVarianceRatio()[0] > 0.5) {
      assertArrayEquals(e, a, 1e-9);
    }
  }
}
