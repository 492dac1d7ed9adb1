package org.alignment4j.internal.statistics;

/** The standard normal distribution, in float64 to about 14 digits. */
public final class Normal {
  /** Below, the series for erf is used; above, the continued fraction for erfc. */
  private static final double FAR = 2.5;

  private Normal() {}

  /** The two-sided tail probability of a z value, P(|Z| &gt;= |z|). */
  public static double twoSided(double z) {
    return Double.isNaN(z) ? Double.NaN : erfc(Math.abs(z) / Math.sqrt(2));
  }

  /** P(Z &lt;= z). */
  public static double cdf(double z) {
    double x = z / Math.sqrt(2);
    return x <= 0 ? 0.5 * erfc(-x) : 1 - 0.5 * erfc(x);
  }

  /** The z with P(Z &lt;= z) = p, for p in (0, 1). */
  public static double quantile(double p) {
    if (p > 0.5) {
      return -quantile(1 - p);
    }
    // Bisection: slower than a rational approximation, but exact to rounding.
    double lo = -40;
    double hi = 0;
    while (true) {
      double mid = (lo + hi) / 2;
      if (mid <= lo || mid >= hi) {
        return mid;
      }
      if (cdf(mid) < p) {
        lo = mid;
      } else {
        hi = mid;
      }
    }
  }

  /** The complementary error function of {@code x >= 0}. */
  private static double erfc(double x) {
    if (x < FAR) {
      double term = x;
      double sum = x;
      for (int n = 1; Math.abs(term) > 1e-18 * sum; n++) {
        term *= -x * x / n;
        sum += term / (2 * n + 1);
      }
      return 1 - 2 / Math.sqrt(Math.PI) * sum;
    }
    double fraction = x;
    for (int n = 120; n >= 1; n--) {
      fraction = x + n / 2.0 / fraction;
    }
    return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
  }
}
