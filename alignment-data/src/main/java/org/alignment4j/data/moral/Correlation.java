package org.alignment4j.data.moral;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.internal.statistics.Nd4jLinalg;
import org.alignment4j.internal.statistics.Normal;
import org.alignment4j.internal.statistics.Rows;

/** Correlation of paired samples, in float64. */
final class Correlation {
  private Correlation() {}

  /**
   * Returns Pearson's correlation of {@code x} [N] and {@code y} [N], in [-1, 1].
   *
   * @throws IllegalArgumentException if lengths differ, N &lt; 2, a value is not finite or a sample
   *     is constant (its correlation is undefined)
   */
  public static double pearson(double[] x, double[] y) {
    requirePaired(x, y);
    double[] a = standardised("x", Rows.checkedSample("x", x, 2));
    double[] b = standardised("y", Rows.checkedSample("y", y, 2));
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return clamp(sum);
  }

  /**
   * Returns Spearman's rank correlation of {@code x} [N] and {@code y} [N], in [-1, 1]; ties share
   * their mean rank.
   *
   * @throws IllegalArgumentException as {@link #pearson}
   */
  public static double spearman(double[] x, double[] y) {
    requirePaired(x, y);
    return pearson(ranks(Rows.checkedSample("x", x, 2)), ranks(Rows.checkedSample("y", y, 2)));
  }

  /**
   * Returns Pearson's correlation of every pair of columns of {@code rows} [N, D], as a symmetric
   * matrix [D, D] with a diagonal of ones. Runs on ND4J, whose first use takes seconds to load.
   *
   * @throws IllegalArgumentException if N &lt; 2, rows differ in width, a value is not finite or a
   *     column is constant
   * @throws org.alignment4j.core.EngineException if ND4J has no backend
   */
  public static double[][] matrix(double[][] rows) {
    double[][] checked = Rows.checked("rows", rows);
    require(checked.length >= 2, "a correlation needs at least 2 rows, has %d", checked.length);
    int width = checked[0].length;
    double[][] columns = new double[width][checked.length];
    for (int j = 0; j < width; j++) {
      for (int i = 0; i < checked.length; i++) {
        columns[j][i] = checked[i][j];
      }
      columns[j] = standardised("column " + j, columns[j]);
    }
    double[][] matrix = Nd4jLinalg.gram(columns);
    for (int i = 0; i < width; i++) {
      matrix[i][i] = 1;
      for (int j = 0; j < i; j++) {
        matrix[i][j] = clamp(matrix[i][j]);
        matrix[j][i] = matrix[i][j];
      }
    }
    return matrix;
  }

  /**
   * Returns the interval of a correlation by Fisher's z transformation (Fisher 1921), for
   * approximately normal samples.
   *
   * @param r the correlation in [-1, 1], or NaN
   * @param n number of values of each sample, at least 4
   * @param level the coverage aimed at, in (0, 1)
   * @return bounds in [-1, 1]; NaN if {@code r} is, {@code r} itself if it is -1 or 1
   * @throws IllegalArgumentException if an argument lies outside its range
   */
  public static Bootstrap.Interval fisherInterval(double r, int n, double level) {
    requireCorrelation(r);
    require(n >= 4, "an interval needs at least 4 pairs, has %d", n);
    require(level > 0 && level < 1, "level must lie in (0, 1), was %s", level);
    double half = Normal.quantile((1 + level) / 2) / Math.sqrt(n - 3.0);
    double z = atanh(r);
    return new Bootstrap.Interval(r, Math.tanh(z - half), Math.tanh(z + half));
  }

  /**
   * A test that two correlations are equal.
   *
   * @param z the test's statistic, standard normal if they are; NaN if it is not defined
   * @param p its two-sided p-value; NaN likewise
   */
  public record Comparison(double z, double p) {}

  /**
   * Compares correlations of two independent samples by Fisher's z.
   *
   * @param r1 the first, in [-1, 1]
   * @param n1 its number of pairs, at least 4
   * @param r2 the second
   * @param n2 its number of pairs, at least 4
   */
  public static Comparison independent(double r1, int n1, double r2, int n2) {
    requireCorrelation(r1);
    requireCorrelation(r2);
    require(n1 >= 4 && n2 >= 4, "needs at least 4 pairs, has %d and %d", n1, n2);
    return comparison((atanh(r1) - atanh(r2)) / Math.sqrt(1 / (n1 - 3.0) + 1 / (n2 - 3.0)));
  }

  /**
   * Compares two correlations of the same sample that share a variable: x with y, and x with z
   * (Steiger 1980, equation 14, with the mean correlation in the covariance).
   *
   * @param rxy the first, in [-1, 1]
   * @param rxz the second
   * @param ryz the correlation of the two variables that are not shared
   * @param n number of values of each variable, at least 4
   */
  public static Comparison dependent(double rxy, double rxz, double ryz, int n) {
    requireCorrelation(rxy);
    requireCorrelation(rxz);
    requireCorrelation(ryz);
    require(n >= 4, "needs at least 4 values, has %d", n);
    double mean = (rxy + rxz) / 2;
    double square = mean * mean;
    double covariance =
        (ryz * (1 - 2 * square) - 0.5 * square * (1 - 2 * square - ryz * ryz))
            / ((1 - square) * (1 - square));
    double difference = atanh(rxy) - atanh(rxz);
    if (difference == 0) {
      return new Comparison(0, 1);
    }
    return comparison(difference * Math.sqrt(n - 3.0) / Math.sqrt(2 - 2 * covariance));
  }

  private static Comparison comparison(double z) {
    return new Comparison(z, Normal.twoSided(z));
  }

  private static double atanh(double r) {
    return 0.5 * (Math.log1p(r) - Math.log1p(-r));
  }

  private static void requireCorrelation(double r) {
    require(Double.isNaN(r) || (r >= -1 && r <= 1), "a correlation lies in [-1, 1], was %s", r);
  }

  private static void requirePaired(double[] x, double[] y) {
    require(x.length == y.length, "dimensions differ: %d != %d", x.length, y.length);
  }

  /** Returns the sample minus its mean, divided by its norm. */
  private static double[] standardised(String name, double[] sample) {
    double first = sample[0];
    require(
        Arrays.stream(sample).anyMatch(value -> value != first),
        "%s is constant, its correlation is undefined",
        name);
    double mean = 0;
    for (double value : sample) {
      mean += value / sample.length;
    }
    double largest = 0;
    double[] centred = new double[sample.length];
    for (int i = 0; i < sample.length; i++) {
      centred[i] = sample[i] - mean;
      largest = Math.max(largest, Math.abs(centred[i]));
    }
    // Scaled first, so that squares of tiny or huge values neither underflow nor overflow.
    double sum = 0;
    for (int i = 0; i < centred.length; i++) {
      centred[i] /= largest;
      sum += centred[i] * centred[i];
    }
    double norm = Math.sqrt(sum);
    for (int i = 0; i < centred.length; i++) {
      centred[i] /= norm;
    }
    return centred;
  }

  private static double[] ranks(double[] sample) {
    int[] order =
        IntStream.range(0, sample.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> sample[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] ranks = new double[sample.length];
    int start = 0;
    while (start < order.length) {
      int end = start + 1;
      while (end < order.length && sample[order[end]] == sample[order[start]]) {
        end++;
      }
      double shared = (start + end + 1) / 2.0; // mean of the 1-based ranks start+1 .. end
      for (int i = start; i < end; i++) {
        ranks[order[i]] = shared;
      }
      start = end;
    }
    return ranks;
  }

  private static double clamp(double correlation) {
    return Math.max(-1, Math.min(1, correlation));
  }
}
