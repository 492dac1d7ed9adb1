package org.alignment4j.internal.statistics;

import static org.alignment4j.internal.text.Arguments.require;

/** Checked float64 copies of the rows [N, D] or samples [N] that callers pass. */
public final class Rows {
  private Rows() {}

  /** A copy [N, D] of {@code rows}, checked to be rectangular, finite and not empty. */
  public static double[][] checked(String name, float[][] rows) {
    double[][] copy = new double[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      copy[i] = new double[rows[i].length];
      for (int j = 0; j < rows[i].length; j++) {
        copy[i][j] = rows[i][j];
      }
    }
    requireRectangular(name, copy);
    return copy;
  }

  /** A copy [N, D] of {@code rows}, checked to be rectangular, finite and not empty. */
  public static double[][] checked(String name, double[][] rows) {
    double[][] copy = new double[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      copy[i] = rows[i].clone();
    }
    requireRectangular(name, copy);
    return copy;
  }

  /**
   * A copy [N] of {@code sample}, checked to be finite and to have at least {@code minimum} values.
   */
  public static double[] checkedSample(String name, double[] sample, int minimum) {
    require(
        sample.length >= minimum,
        "%s: needs at least %d values, has %d",
        name,
        minimum,
        sample.length);
    double[] copy = sample.clone();
    for (int i = 0; i < copy.length; i++) {
      require(Double.isFinite(copy[i]), "%s: value %d is %s, not finite", name, i, copy[i]);
    }
    return copy;
  }

  private static void requireRectangular(String name, double[][] rows) {
    require(rows.length > 0 && rows[0].length > 0, "%s: no rows or no columns", name);
    int width = rows[0].length;
    for (int i = 0; i < rows.length; i++) {
      double[] row = rows[i];
      require(
          row.length == width,
          "%s: row %d has %d columns, row 0 has %d",
          name,
          i,
          row.length,
          width);
      for (int j = 0; j < width; j++) {
        if (!Double.isFinite(row[j])) {
          throw new IllegalArgumentException(
              name + ": row " + i + ", column " + j + " is " + row[j] + ", not finite");
        }
      }
    }
  }
}
