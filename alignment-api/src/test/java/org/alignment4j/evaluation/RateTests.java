package org.alignment4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RateTests {
  private static final double Z = 1.959963984540054;

  /** Newcombe (1998), Statistics in Medicine 17:857-872, table I, method 3. */
  @ParameterizedTest
  @CsvSource({
    "81, 263, 0.2553, 0.3662",
    "15, 148, 0.0624, 0.1605",
    "0, 20, 0, 0.1611",
    "1, 29, 0.0061, 0.1718"
  })
  void intervalsEqualThePublishedTable(long k, long n, double lo, double hi) {
    Rate rate = new Rate(k, n);
    assertEquals(lo, rate.lo(), 5e-5);
    assertEquals(hi, rate.hi(), 5e-5);
  }

  /** Wilson's ends are the p at which |k/n - p| is z standard errors of p itself. */
  @Property(tries = 500)
  void endsLieZStandardErrorsFromTheShare(
      @ForAll @IntRange(max = 100_000) int a, @ForAll @IntRange(max = 100_000) int b) {
    long n = Math.max(Math.max(a, b), 1);
    long k = Math.min(a, b);
    Rate rate = new Rate(k, n);
    for (double p : new double[] {rate.lo(), rate.hi()}) {
      assertEquals(Z * Math.sqrt(p * (1 - p) / n), Math.abs(rate.rate() - p), 1e-9);
    }
    assertTrue(rate.lo() <= rate.rate() && rate.rate() <= rate.hi());
    Rate mirrored = new Rate(n - k, n);
    assertEquals(1 - rate.lo(), mirrored.hi(), 1e-12);
  }

  @Test
  void extremesTouchTheirEnds() {
    assertEquals(0, new Rate(0, 7).lo());
    assertEquals(1, new Rate(7, 7).hi());
  }

  @Test
  void noCasesMeanNoRateAndTheWholeInterval() {
    Rate none = new Rate(0, 0);
    assertTrue(Double.isNaN(none.rate()));
    assertEquals(0, none.lo());
    assertEquals(1, none.hi());
    assertNull(none.toMap().get("rate"));
  }

  @Test
  void mapHasTheAgreedKeysInOrder() {
    assertEquals(
        List.of("k", "n", "rate", "lo", "hi"), List.copyOf(new Rate(1, 4).toMap().keySet()));
    assertEquals(0.25, new Rate(1, 4).toMap().get("rate"));
  }

  /** Lang and Reiczigel (2014), Prev Vet Med 113, 13: the examples, to their three decimals. */
  @ParameterizedTest
  @CsvSource({
    "4060, 11284, 178, 179, 358, 359, 0.349, 0.372",
    "51, 2971, 32, 33, 20, 20, 0, 0.053",
    "712, 11862, 8, 10, 12, 12, 0, 0.147",
    "259, 509, 84, 127, 96, 109, 0.585, 0.866",
    "51, 509, 23, 41, 187, 195, 0.037, 0.195"
  })
  void correctedIntervalsEqualThePublishedExamples(
      long k, long n, long kSe, long nSe, long kSp, long nSp, double lo, double hi) {
    Rate.Corrected found = new Rate(k, n).corrected(new Rate(kSe, nSe), new Rate(kSp, nSp));
    assertEquals(lo, found.lo(), 5e-4);
    assertEquals(hi, found.hi(), 5e-4);
  }

  /** Computed with 50 digits from the papers' equations, by another program. */
  @ParameterizedTest
  @CsvSource({
    "60, 200, 132, 137, 82, 88, 0.2589216231239578, 0.16685379473267833, 0.3393897042631284",
    "10, 520, 90, 100, 95, 100, 0, 0, 0.011322481480692387",
    "500, 520, 90, 100, 95, 100, 1, 1, 1",
    "0, 100, 45, 50, 48, 50, 0, 0, 0.029786835525033042",
    "7, 20, 9, 10, 8, 10, 0.21428571428571427, 0, 0.612787553954974",
    "45, 225, 23, 36, 180, 189, 0.25771812080536916, 0.15353009605954138, 0.39552110535641605"
  })
  void correctedRatesEqualAnotherProgram(
      long k, long n, long kSe, long nSe, long kSp, long nSp, double rate, double lo, double hi) {
    Rate.Corrected found = new Rate(k, n).corrected(new Rate(kSe, nSe), new Rate(kSp, nSp));
    assertEquals(rate, found.rate(), 1e-12);
    assertEquals(lo, found.lo(), 1e-12);
    assertEquals(hi, found.hi(), 1e-12);
  }

  @Property(tries = 500)
  void correctionIsTheSameSeenFromTheOtherSide(
      @ForAll @IntRange(max = 500) int k,
      @ForAll @IntRange(min = 1, max = 500) int more,
      @ForAll @IntRange(min = 51, max = 100) int se,
      @ForAll @IntRange(min = 51, max = 100) int sp) {
    Rate rate = new Rate(k, k + more);
    Rate.Corrected one = rate.corrected(new Rate(se, 100), new Rate(sp, 100));
    Rate.Corrected other = new Rate(more, k + more).corrected(new Rate(sp, 100), new Rate(se, 100));
    assertEquals(one.rate(), 1 - other.rate(), 1e-12);
    assertEquals(one.lo(), 1 - other.hi(), 1e-9);
    assertEquals(one.hi(), 1 - other.lo(), 1e-9);
    assertTrue(0 <= one.lo() && one.lo() <= one.hi() && one.hi() <= 1);
  }

  /** Agresti and Coull's interval is what remains of it without errors of the judge. */
  @Property(tries = 200)
  void aPerfectJudgeNeedsNoCorrection(
      @ForAll @IntRange(max = 300) int k, @ForAll @IntRange(min = 1, max = 300) int more) {
    Rate rate = new Rate(k, k + more);
    Rate perfect = new Rate(1L << 50, 1L << 50);
    Rate.Corrected found = rate.corrected(perfect, perfect);
    double n = k + more + Z * Z;
    double p = (k + Z * Z / 2) / n;
    double half = Z * Math.sqrt(p * (1 - p) / n);
    assertEquals(rate.rate(), found.rate(), 1e-12);
    assertEquals(Math.max(0, p - half), found.lo(), 1e-6);
    assertEquals(Math.min(1, p + half), found.hi(), 1e-6);
  }

  @Property(tries = 30)
  void correctionFindsTheTrueRateFromManyCases(
      @ForAll @IntRange(max = 100) int truth,
      @ForAll @IntRange(min = 60, max = 99) int se,
      @ForAll @IntRange(min = 60, max = 99) int sp) {
    long n = 1_000_000;
    long judged = Math.round(n / 1e4 * (truth * se + (100 - truth) * (100 - sp)));
    Rate.Corrected found =
        new Rate(judged, n).corrected(new Rate(se * n, 100 * n), new Rate(sp * n, 100 * n));
    assertEquals(truth / 100.0, found.rate(), 1e-5);
    assertTrue(found.lo() <= found.rate() + 1e-9 && found.rate() <= found.hi() + 1e-9);
  }

  @Test
  void correctedIntervalsCoverTheTrueRate() {
    Random random = new Random(4);
    int covered = 0;
    for (int i = 0; i < 2000; i++) {
      Rate refused = new Rate(count(random, 150, 0.3 * 0.85 + 0.7 * 0.1), 150);
      Rate.Corrected found =
          refused.corrected(
              new Rate(count(random, 60, 0.85), 60), new Rate(count(random, 80, 0.9), 80));
      covered += found.lo() <= 0.3 && 0.3 <= found.hi() ? 1 : 0;
    }
    assertTrue(covered >= 1870 && covered <= 1960, "95 % are 1900 of 2000, covered " + covered);
  }

  private static int count(Random random, int n, double p) {
    int k = 0;
    for (int i = 0; i < n; i++) {
      k += random.nextDouble() < p ? 1 : 0;
    }
    return k;
  }

  @Test
  void judgesThatCannotBeCorrectedForAreRefused() {
    Rate rate = new Rate(3, 10);
    Rate good = new Rate(9, 10);
    assertThrows(IllegalArgumentException.class, () -> rate.corrected(new Rate(0, 0), good));
    assertThrows(IllegalArgumentException.class, () -> rate.corrected(good, new Rate(0, 0)));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> rate.corrected(new Rate(5, 10), new Rate(5, 10)));
    assertTrue(String.valueOf(e.getMessage()).contains("no better than chance"), e.getMessage());
    Rate.Corrected none = new Rate(0, 0).corrected(good, good);
    assertTrue(Double.isNaN(none.rate()));
    assertEquals(List.of(0.0, 1.0), List.of(none.lo(), none.hi()));
    assertNull(none.toMap().get("rate"));
    assertEquals(List.of("rate", "lo", "hi"), List.copyOf(none.toMap().keySet()));
  }

  @Test
  void impossibleCountsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Rate(-1, 2));
    assertThrows(IllegalArgumentException.class, () -> new Rate(3, 2));
    assertThrows(IllegalArgumentException.class, () -> new Rate(0, -1));
  }
}
