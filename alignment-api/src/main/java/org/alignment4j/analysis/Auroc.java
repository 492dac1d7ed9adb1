package org.alignment4j.analysis;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An area under the ROC curve with its 95 % interval by Newcombe (2006, Statistics in Medicine 25,
 * 559, method 5): the values within 1.96 of their own standard errors (Hanley and McNeil 1982) of
 * the estimate. Unlike DeLong's interval it has a positive width if the estimate is 0 or 1, which
 * is frequent with few prompts. Immutable.
 *
 * @param estimate the area, 0 to 1; NaN if a class is empty
 * @param positives number of scores of the positive class
 * @param negatives number of scores of the negative class
 * @param folds number of cross-validation folds; only scores of the same fold are compared; 1 for a
 *     single sample
 */
public record Auroc(double estimate, int positives, int negatives, int folds) {
  /** The 97.5 % quantile of the standard normal distribution. */
  private static final double Z = 1.959963984540054;

  /**
   * @throws IllegalArgumentException if the estimate is outside [0, 1], a number is negative, or
   *     there are more folds than scores of a class
   */
  public Auroc {
    require(positives >= 0 && negatives >= 0, "%s and %s scores", positives, negatives);
    boolean none = positives == 0 || negatives == 0;
    require(
        none ? Double.isNaN(estimate) : estimate >= 0 && estimate <= 1,
        "an area of %s from %s and %s scores",
        estimate,
        positives,
        negatives);
    require(
        folds >= 1 && (none || folds <= Math.min(positives, negatives)),
        "%s folds of %s and %s scores",
        folds,
        positives,
        negatives);
  }

  /**
   * The area of one sample.
   *
   * @throws IllegalArgumentException if a score is not finite
   */
  public static Auroc of(double[] positives, double[] negatives) {
    double area =
        positives.length == 0 || negatives.length == 0
            ? Double.NaN
            : Roc.of(positives, negatives).auroc();
    return new Auroc(area, positives.length, negatives.length, 1);
  }

  /**
   * The area over the folds of a cross-validation: the share of pairs within a fold that are in the
   * right order. Scores of different folds come from different fits and are not compared, which
   * would bias the area below 0.5 if the classes do not differ.
   *
   * @param positives scores of the positive class by fold, at least one in each
   * @param negatives scores of the negative class by fold, as many folds, at least one in each
   * @throws IllegalArgumentException if a fold lacks a class or a score is not finite
   */
  public static Auroc ofFolds(List<double[]> positives, List<double[]> negatives) {
    require(
        positives.size() == negatives.size() && !positives.isEmpty(),
        "folds: %s and %s",
        positives.size(),
        negatives.size());
    double won = 0;
    double pairs = 0;
    int p = 0;
    int n = 0;
    for (int f = 0; f < positives.size(); f++) {
      double own = (double) positives.get(f).length * negatives.get(f).length;
      won += own * Roc.of(positives.get(f), negatives.get(f)).auroc();
      pairs += own;
      p += positives.get(f).length;
      n += negatives.get(f).length;
    }
    return new Auroc(won / pairs, p, n, positives.size());
  }

  /** The lower end of the interval; 0 if a class is empty. */
  public double lo() {
    return Double.isNaN(estimate) ? 0 : bound(0, estimate);
  }

  /** The upper end of the interval; 1 if a class is empty. */
  public double hi() {
    return Double.isNaN(estimate) ? 1 : bound(1, estimate);
  }

  /**
   * A standard error that is not 0 if the estimate is 1: (estimate - lo) / 1.96. NaN if a class is
   * empty.
   */
  public double standardError() {
    return (estimate - lo()) / Z;
  }

  /**
   * Finds a bound of the interval by bisection: the area between {@code outside} and {@code inside}
   * whose distance from the estimate is Z of its own standard errors.
   */
  private double bound(double outside, double inside) {
    double out = outside;
    double in = inside;
    while (true) {
      double middle = (out + in) / 2;
      if (middle == out || middle == in) {
        return in;
      }
      double distance = estimate - middle;
      if (distance * distance > Z * Z * variance(middle)) {
        out = middle;
      } else {
        in = middle;
      }
    }
  }

  /** Hanley and McNeil's, symmetric in the classes as Newcombe has it, for pairs within folds. */
  private double variance(double area) {
    double mean = (positives + negatives) / 2.0;
    double q = (1 - area) / (2 - area) + area / (1 + area);
    return area * (1 - area) * (folds + (mean - folds) * q) / ((double) positives * negatives);
  }

  /** Returns {@code {auroc, lo, hi, positives, negatives}} for JSON, with null for NaN. */
  public Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("auroc", Double.isNaN(estimate) ? null : estimate);
    map.put("lo", lo());
    map.put("hi", hi());
    map.put("positives", positives);
    map.put("negatives", negatives);
    return Collections.unmodifiableMap(map);
  }
}
