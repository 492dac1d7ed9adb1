package org.alignment4j.reading;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ReadAxisTests {
  private static final double[] POSITIVE = {3, 1};
  private static final double[] NEGATIVE = {1, 1};

  @Test
  void pointsToThePositiveClassWhateverTheSignItIsGiven() {
    for (double[] direction : new double[][] {{5, 0}, {-5, 0}}) {
      ReadAxis axis = ReadAxis.between(POSITIVE, NEGATIVE, direction);
      assertArrayEquals(new double[] {1, 0}, axis.direction(), 1e-15);
      assertEquals(2, axis.threshold());
      assertEquals(2, axis.separation());
      assertEquals(7, axis.projection(new float[] {7, 9}));
    }
  }

  @Test
  void aProbesThresholdIsWhereItsLogOddsAreZero() {
    // Log-odds 4 x - 6 are 0 at x = 1.5; those of the classes exchanged are their negative.
    for (int sign : new int[] {1, -1}) {
      ReadAxis axis = ReadAxis.ofProbe(POSITIVE, NEGATIVE, new double[] {sign * 4, 0}, sign * -6);
      assertArrayEquals(new double[] {1, 0}, axis.direction(), 1e-15);
      assertEquals(1.5, axis.threshold());
      assertEquals(2, axis.separation());
    }
  }

  @Test
  void zeroStaysZero() {
    ReadAxis axis = ReadAxis.between(POSITIVE, NEGATIVE, new double[2]);
    assertArrayEquals(new double[2], axis.direction(), 0);
    assertEquals(0, axis.separation());
    assertEquals(0, ReadAxis.ofProbe(POSITIVE, NEGATIVE, new double[2], 3).threshold());
  }
}
