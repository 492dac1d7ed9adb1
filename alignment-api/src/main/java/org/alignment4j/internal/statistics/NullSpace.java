package org.alignment4j.internal.statistics;

import static org.alignment4j.internal.text.Arguments.require;

/** The directions in which rows have least length, and ridge regression restricted to them. */
public final class NullSpace {
  private final double[][] basis;

  private NullSpace(double[][] basis) {
    this.basis = basis;
  }

  /**
   * Returns the span of the eigenvectors of rows^T rows with the smallest eigenvalues: the null
   * space of the rows if it has that many dimensions.
   *
   * @param rows [N, D]
   * @param dimensions K, 1 to D
   * @throws IllegalArgumentException if rows differ in width, a value is not finite or {@code
   *     dimensions} is out of range
   * @throws org.alignment4j.core.EngineException if ND4J has no backend
   */
  public static NullSpace of(float[][] rows, int dimensions) {
    double[][] x = Rows.checked("rows", rows);
    int d = x[0].length;
    require(dimensions >= 1 && dimensions <= d, "%s of %s dimensions", dimensions, d);
    double[][] vectors = Nd4jLinalg.eigen(Nd4jLinalg.gram(transposed(x))).vectors();
    double[][] basis = new double[dimensions][];
    System.arraycopy(vectors, d - dimensions, basis, 0, dimensions);
    return new NullSpace(basis);
  }

  /** The orthonormal basis [K, D]. */
  public double[][] basis() {
    return basis.clone();
  }

  /**
   * The w [D] in this space that minimises |rows w - 1|^2 + {@code ridge} |w|^2.
   *
   * @param rows [N, D]
   * @param ridge above 0
   * @throws IllegalArgumentException if the rows have another width or a value is not finite
   */
  public double[] regressionOnOne(float[][] rows, double ridge) {
    double[][] x = Rows.checked("rows", rows);
    require(
        x[0].length == basis[0].length,
        "dimensions differ: %s != %s",
        x[0].length,
        basis[0].length);
    require(ridge > 0 && Double.isFinite(ridge), "the ridge must be > 0, was %s", ridge);
    double[][] y = Nd4jLinalg.product(x, transposed(basis)); // [N, K]
    boolean wide = y.length <= basis.length;
    // With Y of N rows in K dimensions, Y^T (Y Y^T + a)^-1 = (Y^T Y + a)^-1 Y^T: the smaller is
    // solved.
    double[][] gram = Nd4jLinalg.gram(wide ? y : transposed(y));
    for (int i = 0; i < gram.length; i++) {
      gram[i][i] += ridge;
    }
    double[] right = new double[gram.length];
    for (int i = 0; i < right.length; i++) {
      right[i] = wide ? 1 : sum(y, i);
    }
    double[] solved = solve(gram, right);
    double[] inside = wide ? combination(y, solved) : solved;
    return combination(basis, inside);
  }

  private static double sum(double[][] rows, int column) {
    double sum = 0;
    for (double[] row : rows) {
      sum += row[column];
    }
    return sum;
  }

  /** The sum of rows times their factors. */
  private static double[] combination(double[][] rows, double[] factors) {
    double[] sum = new double[rows[0].length];
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < sum.length; j++) {
        sum[j] += factors[i] * rows[i][j];
      }
    }
    return sum;
  }

  /** Solves a symmetric positive definite system by Cholesky's method; overwrites the matrix. */
  private static double[] solve(double[][] a, double[] b) {
    int n = b.length;
    double[] x = b.clone();
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        double sum = a[i][j];
        for (int k = 0; k < j; k++) {
          sum -= a[i][k] * a[j][k];
        }
        a[i][j] = i == j ? Math.sqrt(sum) : sum / a[j][j];
      }
      for (int k = 0; k < i; k++) {
        x[i] -= a[i][k] * x[k];
      }
      x[i] /= a[i][i];
    }
    for (int i = n - 1; i >= 0; i--) {
      for (int k = i + 1; k < n; k++) {
        x[i] -= a[k][i] * x[k];
      }
      x[i] /= a[i][i];
    }
    return x;
  }

  private static double[][] transposed(double[][] x) {
    double[][] result = new double[x[0].length][x.length];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < x[0].length; j++) {
        result[j][i] = x[i][j];
      }
    }
    return result;
  }
}
