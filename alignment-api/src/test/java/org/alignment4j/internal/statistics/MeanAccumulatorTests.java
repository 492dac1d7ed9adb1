package org.alignment4j.internal.statistics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.alignment4j.analysis.Clouds;
import org.junit.jupiter.api.Test;

class MeanAccumulatorTests {
  @Property(tries = 100)
  void agreesWithTwoPasses(@ForAll long seed, @ForAll @IntRange(min = 2, max = 40) int n) {
    double[][] rows = Clouds.gaussian(new Random(seed), n, 3, 5);
    MeanAccumulator accumulator = new MeanAccumulator(3);
    for (double[] row : rows) {
      accumulator.add(row);
    }
    for (int j = 0; j < 3; j++) {
      double mean = 0;
      for (double[] row : rows) {
        mean += row[j] / n;
      }
      double variance = 0;
      for (double[] row : rows) {
        variance += (row[j] - mean) * (row[j] - mean) / (n - 1);
      }
      assertEquals(mean, accumulator.mean()[j], 1e-12);
      assertEquals(variance, accumulator.variance()[j], 1e-12);
    }
  }

  @Property(tries = 100)
  void mergingPartsEqualsTheWhole(
      @ForAll long seed, @ForAll @IntRange(min = 0, max = 20) int split) {
    double[][] rows = Clouds.gaussian(new Random(seed), 20, 4, -2);
    MeanAccumulator whole = new MeanAccumulator(4);
    MeanAccumulator left = new MeanAccumulator(4);
    MeanAccumulator right = new MeanAccumulator(4);
    for (int i = 0; i < rows.length; i++) {
      whole.add(rows[i]);
      (i < split ? left : right).add(rows[i]);
    }
    left.merge(right);
    assertEquals(20, left.count());
    assertArrayEquals(whole.mean(), left.mean(), 1e-12);
    assertArrayEquals(whole.variance(), left.variance(), 1e-12);
  }

  @Test
  void keepsTheVarianceOfSmallChangesOnAHugeOffset() {
    MeanAccumulator accumulator = new MeanAccumulator(1);
    for (double value : new double[] {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}) {
      accumulator.add(new double[] {value});
    }
    assertEquals(30, accumulator.variance()[0], 1e-6);
  }

  @Test
  void namesRowAndColumnOfNanAndStaysUnchanged() {
    MeanAccumulator accumulator = new MeanAccumulator(2);
    accumulator.add(new float[] {1, 2});
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> accumulator.add(new float[] {3, Float.NaN}));
    assertEquals("row 1, column 1 is NaN, not finite", e.getMessage());
    assertEquals(1, accumulator.count());
    assertArrayEquals(new double[] {1, 2}, accumulator.mean());
  }

  @Test
  void refusesOtherWidthsAndEarlyQuestions() {
    MeanAccumulator accumulator = new MeanAccumulator(2);
    assertThrows(IllegalArgumentException.class, () -> accumulator.add(new float[3]));
    assertThrows(IllegalArgumentException.class, () -> accumulator.add(new double[1]));
    assertThrows(IllegalArgumentException.class, () -> accumulator.merge(new MeanAccumulator(3)));
    assertThrows(IllegalArgumentException.class, () -> new MeanAccumulator(0));
    assertThrows(IllegalStateException.class, accumulator::mean);
    accumulator.add(new float[2]);
    assertThrows(IllegalStateException.class, accumulator::variance);
  }
}
