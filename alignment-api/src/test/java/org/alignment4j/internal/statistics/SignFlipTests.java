package org.alignment4j.internal.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SignFlipTests {
  private final SignFlip test = new SignFlip(4999, 3);

  @Test
  void countsAllFlipsOfFewDifferences() {
    // scipy 1.17.1: permutation_test((d,), sum, permutation_type='samples', n_resamples=inf).
    double[] d = {1.2, -.3, .8, .5, 2.1, -.7, .4, .9, 1.1, -.2};
    assertEquals(0.05859375, test.pValue(d), 0);
    // Fisher 1935, Darwin's maize (eighths of an inch): 1726 of 32768 one way and the other.
    double[] darwin = {49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48};
    assertEquals(1726 / 32768.0, test.pValue(darwin), 0);
  }

  @Test
  void drawnFlipsAgreeWithAllOfThem() {
    double[] d = {1.2, -.3, .8, .5, 2.1, -.7, .4, .9, 1.1, -.2};
    // Twice as many differences as are counted, of which half are as good as nothing.
    double[] more = Arrays.copyOf(d, 20);
    Arrays.fill(more, 10, 20, 1e-13);
    assertEquals(0.0586, new SignFlip(20_000, 1).pValue(more), 0.006);
  }

  @Test
  void nothingChangedIsOneAndNeverZero() {
    assertEquals(1, test.pValue(new double[0]), 0);
    assertEquals(1, test.pValue(new double[30]), 0);
    double[] all = new double[100];
    Arrays.fill(all, 1);
    assertEquals(1 / 5000.0, test.pValue(all), 0);
  }

  @Test
  void rejectsAboutAsOftenAsItShouldIfNothingChanged() {
    Random random = new Random(8);
    int rejected = 0;
    for (int t = 0; t < 1000; t++) {
      double[] d = new double[40];
      Arrays.setAll(d, i -> random.nextGaussian());
      rejected += new SignFlip(999, t).pValue(d) <= 0.05 ? 1 : 0;
    }
    assertEquals(50, rejected, 25); // 3.5 sigma
  }

  @Test
  void refusesWhatIsNoNumber() {
    assertThrows(IllegalArgumentException.class, () -> test.pValue(new double[] {1, Double.NaN}));
    assertThrows(IllegalArgumentException.class, () -> new SignFlip(10, 1));
  }
}
