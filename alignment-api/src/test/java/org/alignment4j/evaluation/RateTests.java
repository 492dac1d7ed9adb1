package org.alignment4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
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

  @Test
  void impossibleCountsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Rate(-1, 2));
    assertThrows(IllegalArgumentException.class, () -> new Rate(3, 2));
    assertThrows(IllegalArgumentException.class, () -> new Rate(0, -1));
  }
}
