package org.alignment4j.data.moral;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.internal.statistics.Normal;
import org.junit.jupiter.api.Test;

/** Goldens are of scipy 1.17.1: arctanh, tanh, norm.ppf and norm.sf, put together by hand. */
class CorrelationComparisonTests {
  @Test
  void fishersIntervalIsThatOfTheFormula() {
    Bootstrap.Interval high = Correlation.fisherInterval(0.6, 60, 0.95);
    assertEquals(0.40827849, high.lo(), 5e-9);
    assertEquals(0.74102584, high.hi(), 5e-9);
    Bootstrap.Interval low = Correlation.fisherInterval(-0.25, 30, 0.95);
    assertEquals(-0.55984545, low.lo(), 5e-9);
    assertEquals(0.12118393, low.hi(), 5e-9);
  }

  @Test
  void aPerfectCorrelationHasNoWidthAndAnUndefinedOneNoBounds() {
    assertEquals(new Bootstrap.Interval(1, 1, 1), Correlation.fisherInterval(1, 60, 0.95));
    assertEquals(new Bootstrap.Interval(-1, -1, -1), Correlation.fisherInterval(-1, 60, 0.95));
    assertTrue(Double.isNaN(Correlation.fisherInterval(Double.NaN, 60, 0.95).lo()));
  }

  @Test
  void independentCorrelationsCompareByTheDifferenceOfTheirZ() {
    Correlation.Comparison found = Correlation.independent(0.5, 103, 0.2, 60);
    assertEquals(2.088252774120178, found.z(), 1e-12);
    assertEquals(0.03677503904948609, found.p(), 1e-13);
  }

  @Test
  void correlationsThatShareAVariableCompareBySteigersFormula() {
    Correlation.Comparison one = Correlation.dependent(0.2, 0.5, 0.1, 315);
    assertEquals(-4.415182760067515, one.z(), 1e-12);
    assertEquals(1.0092468749169247e-05, one.p(), 1e-17);
    Correlation.Comparison other = Correlation.dependent(0.6, 0.1, 0.4, 60);
    assertEquals(3.9100053871028204, other.z(), 1e-12);
    assertEquals(9.229406274917435e-05, other.p(), 1e-16);
  }

  @Property
  void exchangingTheCorrelationsNegatesTheStatistic(
      @ForAll @DoubleRange(min = -0.6, max = 0.6) double a,
      @ForAll @DoubleRange(min = -0.6, max = 0.6) double b,
      @ForAll @DoubleRange(min = -0.2, max = 0.2) double c,
      @ForAll @IntRange(min = 10, max = 200) int n) {
    Correlation.Comparison one = Correlation.dependent(a, b, c, n);
    Correlation.Comparison other = Correlation.dependent(b, a, c, n);
    assertEquals(one.z(), -other.z(), 1e-9);
    assertEquals(one.p(), other.p(), 1e-9);
  }

  @Test
  void dependentTestRejectsAboutAsOftenAsItShouldIfNothingDiffers() {
    Random random = new Random(5);
    int rejected = 0;
    int trials = 2000;
    for (int t = 0; t < trials; t++) {
      double[][] v = new double[3][60];
      for (int i = 0; i < 60; i++) {
        double shared = random.nextGaussian();
        for (double[] variable : v) {
          variable[i] = shared + random.nextGaussian();
        }
      }
      rejected +=
          Correlation.dependent(
                          Correlation.pearson(v[0], v[1]),
                          Correlation.pearson(v[0], v[2]),
                          Correlation.pearson(v[1], v[2]),
                          60)
                      .p()
                  < 0.05
              ? 1
              : 0;
    }
    // 3.5 sigma of 2000 trials at 0.05 is 0.017.
    assertEquals(0.05, (double) rejected / trials, 0.017);
  }

  @Test
  void normalIsThatOfTables() {
    double[][] cases = {
      {0.1, 0.920344325445942},
      {1, 0.31731050786291415},
      {2.5, 0.012419330651552265},
      {3.5, 0.00046525815807105003},
      {3.6, 0.00031821718031506727},
      {6, 1.973175290075389e-09},
      {10, 1.523970604832094e-23}
    };
    for (double[] c : cases) {
      assertEquals(1, Normal.twoSided(c[0]) / c[1], 1e-11, "z = " + c[0]);
      assertEquals(1, Normal.twoSided(-c[0]) / c[1], 1e-11);
    }
    assertEquals(0.9937903346742238, Normal.cdf(2.5), 1e-15);
    assertEquals(1.959963984540054, Normal.quantile(0.975), 1e-12);
    assertEquals(0.2533471031357997, Normal.quantile(0.6), 1e-12);
    assertEquals(-5.612001244174789, Normal.quantile(1e-8), 1e-9);
  }

  @Test
  void refusesWhatIsNoCorrelation() {
    assertThrows(IllegalArgumentException.class, () -> Correlation.fisherInterval(1.1, 60, 0.95));
    assertThrows(IllegalArgumentException.class, () -> Correlation.fisherInterval(0.1, 3, 0.95));
    assertThrows(IllegalArgumentException.class, () -> Correlation.dependent(0.1, -2, 0, 60));
  }
}
