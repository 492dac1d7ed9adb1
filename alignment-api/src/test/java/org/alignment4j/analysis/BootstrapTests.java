package org.alignment4j.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

class BootstrapTests {
  private final Bootstrap bootstrap = new Bootstrap(1000, 0.9, 11);

  @Property(tries = 50)
  void boundsEncloseTheEstimateOfAMeanAndMoveWithTheValues(
      @ForAll long seed, @ForAll @DoubleRange(min = -50, max = 50) double shift) {
    double[] values = Clouds.gaussian(new Random(seed), 1, 15, 0)[0];
    Bootstrap.Interval interval = bootstrap.mean(values);
    assertTrue(interval.lo() <= interval.estimate() && interval.estimate() <= interval.hi());
    Bootstrap.Interval moved = bootstrap.mean(Arrays.stream(values).map(v -> v + shift).toArray());
    assertEquals(interval.lo() + shift, moved.lo(), 1e-9);
    assertEquals(interval.hi() + shift, moved.hi(), 1e-9);
  }

  @Test
  void coversATrueMeanAboutAsOftenAsItsLevelSays() {
    Random random = new Random(3);
    int covered = 0;
    for (int trial = 0; trial < 400; trial++) {
      double[] sample = Clouds.gaussian(random, 1, 40, 1)[0];
      Bootstrap.Interval interval = new Bootstrap(400, 0.9, trial).mean(sample);
      covered += interval.lo() <= 1 && 1 <= interval.hi() ? 1 : 0;
    }
    // The percentile interval of 40 values covers a little less than its level; 3.5 sigma = 0.05.
    assertTrue(covered > 0.83 * 400 && covered < 0.95 * 400, covered + " of 400");
  }

  @Test
  void repeatsWithItsSeedOnly() {
    double[] values = Clouds.gaussian(new Random(4), 1, 25, 0)[0];
    assertEquals(bootstrap.mean(values), new Bootstrap(1000, 0.9, 11).mean(values));
    assertNotEquals(bootstrap.mean(values), new Bootstrap(1000, 0.9, 12).mean(values));
  }

  @Test
  void pairingRemovesWhatBothShare() {
    double[] control = Clouds.gaussian(new Random(1), 1, 50, 0)[0];
    double[] treated = Arrays.stream(control).map(v -> 100 * v + 0.5 - 99 * v).toArray();
    Bootstrap.Interval interval = bootstrap.pairedDifference(treated, control);
    assertEquals(0.5, interval.estimate(), 1e-9);
    assertEquals(interval.lo(), interval.hi(), 1e-9);
  }

  @Test
  void takesAnyStatisticOfIndices() {
    double[] values = {3, 1, 2};
    Bootstrap.Interval interval =
        bootstrap.of(
            3, indices -> Arrays.stream(indices).mapToDouble(i -> values[i]).max().orElse(0));
    assertEquals(3, interval.estimate());
    assertEquals(3, interval.hi());
  }

  @Test
  void boundsAreInterpolatedQuantilesThatLeaveHalfTheRestOnEachSide() {
    int[] calls = {0};
    // The estimate is -1, then the resamples give 0, 1, .. 999.
    Bootstrap.Interval interval = bootstrap.of(1, indices -> calls[0]++ - 1);
    assertEquals(-1, interval.estimate());
    assertEquals(0.05 * 999, interval.lo(), 1e-9);
    assertEquals(0.95 * 999, interval.hi(), 1e-9);
  }

  @Test
  void aWiderLevelGivesAWiderInterval() {
    double[] values = Clouds.gaussian(new Random(2), 1, 30, 0)[0];
    Bootstrap.Interval narrow = new Bootstrap(2000, 0.5, 1).mean(values);
    Bootstrap.Interval wide = new Bootstrap(2000, 0.99, 1).mean(values);
    assertTrue(wide.lo() < narrow.lo() && narrow.hi() < wide.hi());
  }

  @Test
  void refusesBadSettingsAndValues() {
    assertThrows(IllegalArgumentException.class, () -> new Bootstrap(10, 0.9, 1));
    assertThrows(IllegalArgumentException.class, () -> new Bootstrap(1000, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> bootstrap.mean(new double[0]));
    assertThrows(
        IllegalArgumentException.class, () -> bootstrap.mean(new double[] {1, Double.NaN}));
    assertThrows(
        IllegalArgumentException.class,
        () -> bootstrap.pairedDifference(new double[] {1}, new double[] {1, 2}));
    assertThrows(IllegalArgumentException.class, () -> bootstrap.of(2, indices -> Double.NaN));
  }
}
