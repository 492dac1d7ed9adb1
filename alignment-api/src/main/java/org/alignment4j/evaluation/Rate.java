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
   * Corrects this rate for the errors of the judge that counted it: the share of cases that have
   * the property, estimated from the share that the judge says have it (Rogan and Gladen 1978, Am J
   * Epidemiol 107, 71). The interval accounts for the sampling of all three rates (Lang and
   * Reiczigel 2014, Prev Vet Med 113, 13, equations 7, 15 to 17); they must be of independent
   * samples. The judge's errors must be as frequent in the cases of this rate as in the labelled
   * ones.
   *
   * @param sensitivity of cases that have the property by a reference, such as human labels, those
   *     that the judge says have it
   * @param specificity of cases that lack it, those that the judge says lack it
   * @throws IllegalArgumentException if the judge was not measured on cases of both classes, or is
   *     no better than chance: sensitivity + specificity &lt;= 1
   */
  public Corrected corrected(Rate sensitivity, Rate specificity) {
    require(
        sensitivity.n > 0 && specificity.n > 0,
        "a judge's errors need labelled cases with and without the property, were %d and %d",
        sensitivity.n,
        specificity.n);
    require(
        sensitivity.rate() + specificity.rate() > 1,
        "a judge no better than chance cannot be corrected for: sensitivity %s + specificity %s is"
            + " not above 1",
        sensitivity.rate(),
        specificity.rate());
    if (n == 0) {
      return new Corrected(Double.NaN, 0, 1);
    }
    // Primes in the paper: Wilson's centre for the rate, one more case of each sort for the others.
    double se = (sensitivity.k + 1.0) / (sensitivity.n + 2);
    double sp = (specificity.k + 1.0) / (specificity.n + 2);
    double seVariance = se * (1 - se) / (sensitivity.n + 2);
    double spVariance = sp * (1 - sp) / (specificity.n + 2);
    double youden = se + sp - 1;
    double p = (centre() + sp - 1) / youden;
    double shift = 2 * Z * Z * (p * seVariance - (1 - p) * spVariance);
    double variance =
        centre() * (1 - centre()) / (n + Z * Z)
            + p * p * seVariance
            + (1 - p) * (1 - p) * spVariance;
    double half = Z * Math.sqrt(variance) / youden;
    return new Corrected(
        clipped((rate() + specificity.rate() - 1) / (sensitivity.rate() + specificity.rate() - 1)),
        clipped(p + shift - half),
        clipped(p + shift + half));
  }

  private static double clipped(double share) {
    return Math.min(1, Math.max(0, share));
  }

  /**
   * A rate corrected for a judge's errors, with its 95 % interval. All figures are in [0, 1]: those
   * outside are set to the nearer end. An interval that is then a single point says that the judged
   * rate contradicts the judge's measured errors. With few cases the estimate may lie outside of
   * the interval, which is centred on another one.
   *
   * @param rate the estimate; NaN if no cases were judged
   * @param lo the lower end of the interval
   * @param hi the upper end of the interval
   */
  public record Corrected(double rate, double lo, double hi) {
    /** Returns {@code {rate, lo, hi}}, in this order, for JSON; {@code rate} is null for NaN. */
    public Map<String, @Nullable Object> toMap() {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      map.put("rate", Double.isNaN(rate) ? null : rate);
      map.put("lo", lo);
      map.put("hi", hi);
      return Collections.unmodifiableMap(map);
    }
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
