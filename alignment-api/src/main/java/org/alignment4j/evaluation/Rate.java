package org.alignment4j.evaluation;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A share of counted cases, k of n, with its 95 % Wilson score interval (Wilson 1927, without
 * continuity correction). All figures are float64 in [0, 1]. Immutable.
 *
 * @param k cases that have the property, 0 to n
 * @param n all cases, at least 0
 */
public record Rate(long k, long n) {
  /** The 97.5 % quantile of the standard normal distribution. */
  private static final double Z = 1.959963984540054;

  /**
   * @throws IllegalArgumentException unless 0 &lt;= k &lt;= n
   */
  public Rate {
    require(k >= 0 && k <= n, "a rate needs 0 <= k <= n, was k = %d, n = %d", k, n);
  }

  /** The share k / n; NaN if n is 0. */
  public double rate() {
    return (double) k / n;
  }

  /** The lower end of the interval; 0 if k or n is 0. */
  public double lo() {
    return k == 0 ? 0 : Math.max(0, centre() - halfWidth());
  }

  /** The upper end of the interval; 1 if k equals n, also where both are 0. */
  public double hi() {
    return k == n ? 1 : Math.min(1, centre() + halfWidth());
  }

  /**
   * Returns {@code {k, n, rate, lo, hi}}, in this order, for JSON; {@code rate} is null if n is 0,
   * since JSON has no NaN.
   */
  public Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("k", k);
    map.put("n", n);
    map.put("rate", n == 0 ? null : rate());
    map.put("lo", lo());
    map.put("hi", hi());
    return Collections.unmodifiableMap(map);
  }

  private double centre() {
    return (k + Z * Z / 2) / (n + Z * Z);
  }

  private double halfWidth() {
    double p = rate();
    return Z / (n + Z * Z) * Math.sqrt(n * p * (1 - p) + Z * Z / 4);
  }
}
