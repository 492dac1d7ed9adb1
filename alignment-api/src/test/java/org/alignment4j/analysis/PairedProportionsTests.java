package org.alignment4j.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class PairedProportionsTests {
  static Stream<JsonObject> golden() {
    return Golden.cases("paired").stream();
  }

  @ParameterizedTest
  @MethodSource("golden")
  void agreesWithStatsmodelsAndWithAScoreIntervalFoundNumerically(JsonObject golden) {
    double[] t = Golden.vector(golden.get("table"));
    PairedProportions p = new PairedProportions((long) t[0], (long) t[1], (long) t[2], (long) t[3]);
    double exact = golden.get("p").getAsDouble();
    assertEquals(exact, p.pValue(), 1e-10 * exact);
    assertEquals(golden.get("difference").getAsDouble(), p.difference(), 1e-12);
    assertEquals(golden.get("lo").getAsDouble(), p.lo(), 2e-7);
    assertEquals(golden.get("hi").getAsDouble(), p.hi(), 2e-7);
  }

  @Test
  void agreesWithThePublishedExample() {
    // Bentur et al. 2009 in Fagerland, Lydersen and Laake 2014: Tango's interval -0.517 to -0.026.
    PairedProportions p = new PairedProportions(1, 7, 1, 12);
    assertEquals(-0.517, p.lo(), 5e-4);
    assertEquals(-0.026, p.hi(), 5e-4);
    assertEquals(0.0703, p.pValue(), 5e-5);
  }

  @Property
  void swappingTheOutcomesTurnsTheDifference(
      @ForAll @IntRange(max = 60) int a,
      @ForAll @IntRange(max = 60) int b,
      @ForAll @IntRange(max = 60) int c,
      @ForAll @IntRange(max = 60) int d) {
    PairedProportions p = new PairedProportions(a, b, c, d);
    PairedProportions swapped = new PairedProportions(a, c, b, d);
    assertEquals(p.pValue(), swapped.pValue(), 0);
    assertEquals(-p.lo(), swapped.hi(), 1e-9);
    assertEquals(-p.hi(), swapped.lo(), 1e-9);
    if (p.n() > 0) {
      assertTrue(p.lo() <= p.difference() && p.difference() <= p.hi(), p::toString);
      assertTrue(p.lo() >= -1 && p.hi() <= 1 && p.lo() < p.hi(), p::toString);
      // What both or neither have says nothing, but that there are as many items.
      PairedProportions moved = new PairedProportions(a + d, b, c, 0);
      assertEquals(p.lo(), moved.lo(), 0);
      assertEquals(p.pValue(), moved.pValue(), 0);
    }
  }

  @Test
  void countsPairsAndSumsTables() {
    boolean[] first = {true, true, false, false, true};
    boolean[] second = {true, false, true, false, false};
    PairedProportions p = PairedProportions.of(first, second);
    assertEquals(new PairedProportions(1, 2, 1, 1), p);
    assertEquals(new PairedProportions(2, 4, 2, 2), p.plus(p));
    assertEquals(-0.2, p.difference(), 1e-15);
    assertThrows(IllegalArgumentException.class, () -> PairedProportions.of(first, new boolean[4]));
    assertThrows(IllegalArgumentException.class, () -> new PairedProportions(0, -1, 0, 0));
  }

  @Test
  void noItemsTellNothing() {
    PairedProportions none = new PairedProportions(0, 0, 0, 0);
    assertTrue(Double.isNaN(none.difference()));
    assertEquals(-1, none.lo());
    assertEquals(1, none.hi());
    assertEquals(1, none.pValue());
    assertEquals(null, none.toMap().get("difference"));
  }

  @Test
  void manyChangesNeitherUnderflowNorTakeLong() {
    assertEquals(1, new PairedProportions(0, 500_000, 500_000, 0).pValue());
    assertEquals(0, new PairedProportions(0, 1_000_000, 0, 0).pValue());
    // scipy.stats.binomtest(2400, 5000).pvalue
    assertEquals(0.004883649737517494, new PairedProportions(0, 2400, 2600, 0).pValue(), 1e-13);
  }

  /** What the interval promises, on tables drawn under known chances. */
  @Tag("slow")
  @ParameterizedTest
  @CsvSource({"0.1,0.05,40", "0.3,0.05,100", "0.02,0.02,200", "0.25,0.25,30", "0.4,0.1,15"})
  void coversTheTrueDifferenceAboutAsOftenAsItSays(double lost, double gained, int n) {
    Random random = new Random(17);
    int runs = 20_000;
    int covered = 0;
    int rejected = 0;
    for (int r = 0; r < runs; r++) {
      int[] counts = new int[3];
      for (int i = 0; i < n; i++) {
        double u = random.nextDouble();
        counts[u < lost ? 0 : u < lost + gained ? 1 : 2]++;
      }
      PairedProportions p = new PairedProportions(0, counts[0], counts[1], counts[2]);
      double truth = gained - lost;
      covered += p.lo() <= truth && truth <= p.hi() ? 1 : 0;
      rejected += p.pValue() <= 0.05 ? 1 : 0;
    }
    // 93 % at least (Tango's interval is 95 % on average); a run's chance error is 0.2 %.
    double share = covered / (double) runs;
    assertTrue(share > 0.93 && share < 0.995, () -> "covered " + share);
    if (lost == gained) {
      // An exact test never rejects too often.
      double wrong = rejected / (double) runs;
      assertTrue(wrong < 0.056, () -> "rejected " + wrong);
    }
  }
}
