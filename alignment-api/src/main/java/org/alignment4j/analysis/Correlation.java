package org.alignment4j.analysis;

import static org.alignment4j.core.Arguments.require;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Correlation of paired samples, in float64. */
public final class Correlation {
  private Correlation() {}

  /**
   * Pearson's correlation of {@code x} [N] and {@code y} [N], in [-1, 1].
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
   * Spearman's rank correlation of {@code x} [N] and {@code y} [N], in [-1, 1]; ties share their
   * mean rank.
   *
   * @throws IllegalArgumentException as {@link #pearson}
   */
  public static double spearman(double[] x, double[] y) {
    requirePaired(x, y);
    return pearson(ranks(Rows.checkedSample("x", x, 2)), ranks(Rows.checkedSample("y", y, 2)));
  }

  /**
   * Pearson's correlation of every pair of columns of {@code rows} [N, D], as a symmetric matrix
   * [D, D] with a diagonal of ones. Runs on ND4J, whose first use takes seconds to load.
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

  private static void requirePaired(double[] x, double[] y) {
    require(x.length == y.length, "dimensions differ: %d != %d", x.length, y.length);
  }

  /** The sample less its mean, divided by its norm. */
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
    // Scaled first, so that squares of tiny or huge samples neither vanish nor overflow.
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
