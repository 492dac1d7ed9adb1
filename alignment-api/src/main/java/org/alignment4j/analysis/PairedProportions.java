package org.alignment4j.analysis;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Two binary outcomes of the same items, such as refusals of the same prompts before and after
 * tuning, as the four counts of their 2 x 2 table. Only items whose outcome changed are evidence of
 * a difference; the separate intervals of the two shares ignore the pairing and are too wide for a
 * comparison. Immutable.
 *
 * @param both number of items with the property in both outcomes
 * @param onlyFirst number of items that lost it
 * @param onlySecond number of items that gained it
 * @param neither number of items without it in both outcomes
 */
public record PairedProportions(long both, long onlyFirst, long onlySecond, long neither) {
  /** The 97.5 % quantile of the standard normal distribution. */
  private static final double Z = 1.959963984540054;

  /**
   * @throws IllegalArgumentException if a count is negative
   */
  public PairedProportions {
    require(
        both >= 0 && onlyFirst >= 0 && onlySecond >= 0 && neither >= 0,
        "counts must be >= 0: %d, %d, %d, %d",
        both,
        onlyFirst,
        onlySecond,
        neither);
  }

  /**
   * Counts pairs.
   *
   * @param first whether each item has the property in the first outcome [N]
   * @param second whether each item has it in the second outcome [N]
   * @throws IllegalArgumentException if the lengths differ
   */
  public static PairedProportions of(boolean[] first, boolean[] second) {
    require(
        first.length == second.length, "dimensions differ: %d != %d", first.length, second.length);
    long[] counts = new long[4];
    for (int i = 0; i < first.length; i++) {
      counts[(first[i] ? 0 : 2) + (second[i] ? 0 : 1)]++;
    }
    return new PairedProportions(counts[0], counts[1], counts[2], counts[3]);
  }

  /** The sum of two tables of different items. */
  public PairedProportions plus(PairedProportions other) {
    return new PairedProportions(
        both + other.both,
        onlyFirst + other.onlyFirst,
        onlySecond + other.onlySecond,
        neither + other.neither);
  }

  /** The number of items. */
  public long n() {
    return both + onlyFirst + onlySecond + neither;
  }

  /** The second share minus the first, in [-1, 1]; NaN without items. */
  public double difference() {
    return (double) (onlySecond - onlyFirst) / n();
  }

  /**
   * The lower end of the difference's 95 % score interval (Tango 1998, Statistics in Medicine 17,
   * 891), which has a positive width even if no outcome changed; -1 without items.
   */
  public double lo() {
    return n() == 0 ? -1 : bound(-1, difference(), Z);
  }

  /** The upper end of the interval; 1 without items. */
  public double hi() {
    return n() == 0 ? 1 : bound(difference(), 1, -Z);
  }

  /**
   * The p-value of McNemar's exact test (McNemar 1947): the two-sided probability of changes at
   * least as one-sided as these if losing the property is as likely as gaining it. Twice the
   * binomial tail, at most 1; 1 if nothing changed.
   */
  public double pValue() {
    long changed = onlyFirst + onlySecond;
    long fewer = Math.min(onlyFirst, onlySecond);
    if (2 * fewer >= changed) {
      return 1;
    }
    // From the largest term down, in logarithms: 2^-changed underflows float64 beyond 1074.
    double log = -changed * Math.log(2);
    double sum = 0;
    for (long k = 0; k <= fewer; k++) {
      if (k > 0) {
        log += Math.log((double) (changed - k + 1) / k);
      }
      sum += Math.exp(log);
    }
    return Math.min(1, 2 * sum);
  }

  /**
   * Returns {@code {lost, gained, n, difference, lo, hi, mcnemar_p}} for JSON, with null for NaN.
   */
  public Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("lost", onlyFirst);
    map.put("gained", onlySecond);
    map.put("n", n());
    map.put("difference", n() == 0 ? null : difference());
    map.put("lo", lo());
    map.put("hi", hi());
    map.put("mcnemar_p", pValue());
    return Collections.unmodifiableMap(map);
  }

  /** The difference at which the score statistic, which decreases in it, equals {@code z}. */
  private double bound(double from, double to, double z) {
    double lo = from;
    double hi = to;
    while (true) {
      double middle = lo + (hi - lo) / 2;
      if (middle <= lo || middle >= hi) {
        return z > 0 ? lo : hi;
      }
      if (score(middle) > z) {
        lo = middle;
      } else {
        hi = middle;
      }
    }
  }

  /**
   * Tango's statistic of a hypothetical difference, with the other share at its maximum-likelihood
   * value.
   */
  private double score(double d) {
    double n = n();
    double b = onlyFirst + onlySecond - (2 * n + onlyFirst - onlySecond) * d;
    double root = Math.sqrt(Math.max(0, b * b + 8 * n * onlyFirst * d * (1 - d)));
    double lost = (root + b) / (4 * n);
    double variance = n * (2 * lost + d * (1 - d));
    double distance = onlySecond - onlyFirst - n * d;
    if (variance <= 0) {
      return distance == 0 ? 0 : Math.copySign(Double.POSITIVE_INFINITY, distance);
    }
    return distance / Math.sqrt(variance);
  }
}
