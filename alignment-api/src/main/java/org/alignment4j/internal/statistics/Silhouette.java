package org.alignment4j.internal.statistics;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Arrays;

/**
 * The silhouette of two classes of rows: their separation by Euclidean distance, from -1 (wrongly
 * assigned) over 0 (overlapping) to 1 (two points) (Rousseeuw 1987; scikit-learn's {@code
 * silhouette_score}).
 *
 * <p>Per row, a is the mean distance to the other rows of its class, b the mean distance to the
 * rows of the other class, and s = (b - a) / max(a, b); s = 0 for the only row of a class and where
 * all distances are 0. The score is the mean of s over all rows. Float64 throughout.
 */
public final class Silhouette {
  // Columns of a panel, such that its accumulators stay in the first-level cache.
  private static final int PANEL = 32;

  private Silhouette() {}

  /**
   * The mean silhouette of {@code first} [N1, D] against {@code second} [N2, D]; O((N1 + N2)^2 D)
   * time.
   *
   * @return the score, in [-1, 1]
   * @throws IllegalArgumentException if a class is empty, both have a single row, widths differ or
   *     a value is not finite
   */
  public static double score(float[][] first, float[][] second) {
    return scoreChecked(Rows.checked("first", first), Rows.checked("second", second));
  }

  /**
   * The mean silhouette of {@code first} [N1, D] against {@code second} [N2, D]; O((N1 + N2)^2 D)
   * time.
   *
   * @return the score, in [-1, 1]
   * @throws IllegalArgumentException if a class is empty, both have a single row, widths differ or
   *     a value is not finite
   */
  public static double score(double[][] first, double[][] second) {
    return scoreChecked(Rows.checked("first", first), Rows.checked("second", second));
  }

  private static double scoreChecked(double[][] first, double[][] second) {
    require(
        first[0].length == second[0].length,
        "dimensions differ: %d != %d",
        first[0].length,
        second[0].length);
    int split = first.length;
    int n = split + second.length;
    require(n >= 3, "a silhouette needs at least 3 rows, has %d", n);
    double[][] rows = new double[n][];
    System.arraycopy(first, 0, rows, 0, split);
    System.arraycopy(second, 0, rows, split, second.length);

    double[][] sums = distanceSums(rows, split);
    double total = 0;
    for (int i = 0; i < n; i++) {
      int own = i < split ? 0 : 1;
      int ownSize = own == 0 ? split : n - split;
      if (ownSize == 1) {
        continue;
      }
      double a = sums[own][i] / (ownSize - 1);
      double b = sums[1 - own][i] / (n - ownSize);
      double larger = Math.max(a, b);
      total += larger > 0 ? (b - a) / larger : 0;
    }
    return total / n;
  }

  /**
   * Sums [2, N] of each row's distances to the rows before {@code split} and from it on.
   *
   * <p>Differences are squared directly rather than taken from a Gram matrix: residual streams have
   * a few huge coordinates, and |x|^2 + |y|^2 - 2xy would cancel them. A panel of transposed rows
   * lets the compiler run the loop over columns in vector registers: 512 rows of width 4096 take
   * 0.18 s on one thread, where ND4J's Gram matrix takes 0.05 s after two seconds of loading.
   */
  private static double[][] distanceSums(double[][] rows, int split) {
    int n = rows.length;
    int width = rows[0].length;
    double[][] sums = new double[2][n];
    double[][] panel = new double[width][PANEL];
    double[] squared = new double[PANEL];
    for (int start = 0; start < n; start += PANEL) {
      int columns = Math.min(PANEL, n - start);
      for (int c = 0; c < columns; c++) {
        double[] row = rows[start + c];
        for (int k = 0; k < width; k++) {
          panel[k][c] = row[k];
        }
      }
      // The matrix is symmetric: only rows from the panel's first one on.
      for (int i = start; i < n; i++) {
        squaredDistances(rows[i], panel, squared);
        int classOfRow = i < split ? 0 : 1;
        for (int c = 0; c < Math.min(columns, i - start); c++) {
          int j = start + c;
          double distance = Math.sqrt(squared[c]);
          sums[j < split ? 0 : 1][i] += distance;
          sums[classOfRow][j] += distance;
        }
      }
    }
    return sums;
  }

  private static void squaredDistances(double[] row, double[][] panel, double[] squared) {
    Arrays.fill(squared, 0);
    int k = 0;
    // Four at a time, to load and store the accumulators less often.
    for (; k + 3 < row.length; k += 4) {
      addSquares(
          row[k],
          row[k + 1],
          row[k + 2],
          row[k + 3],
          panel[k],
          panel[k + 1],
          panel[k + 2],
          panel[k + 3],
          squared);
    }
    for (; k < row.length; k++) {
      for (int c = 0; c < PANEL; c++) {
        double d = row[k] - panel[k][c];
        squared[c] += d * d;
      }
    }
  }

  private static void addSquares(
      double x0,
      double x1,
      double x2,
      double x3,
      double[] p0,
      double[] p1,
      double[] p2,
      double[] p3,
      double[] squared) {
    for (int c = 0; c < PANEL; c++) {
      double d0 = x0 - p0[c];
      double d1 = x1 - p1[c];
      double d2 = x2 - p2[c];
      double d3 = x3 - p3[c];
      squared[c] += (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3);
    }
  }
}
