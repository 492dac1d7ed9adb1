package org.alignment4j.analysis;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.stream.IntStream;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.internal.statistics.MeanAccumulator;
import org.alignment4j.internal.statistics.Rows;

/**
 * A linear classifier of rows [D]: the probability of the positive class is 1 / (1 + exp(-(w.x +
 * b))), with w and b from L2-regularised logistic regression in float64. The regularisation keeps
 * them finite if the classes are separable. Immutable and thread-safe.
 */
public final class LogisticProbe {
  private final double[] weights;
  private final double intercept;
  private final boolean converged;
  private final int iterations;

  /**
   * Settings of the fit, which minimises the mean over rows of -log p(class) plus {@code l2} / 2
   * times the squared norm of the weights; the intercept is not regularised. This is scikit-learn's
   * objective with C = 1 / (N l2).
   *
   * @param l2 strength of the regularisation, above 0; relative to standardised columns if {@code
   *     standardise}
   * @param standardise whether columns are first scaled to mean 0 and standard deviation 1, so that
   *     the few huge columns of residual streams do not dominate; the weights returned apply to the
   *     original rows
   * @param maxIterations maximum number of Newton steps, at least 1
   */
  public record Settings(double l2, boolean standardise, int maxIterations) {
    /** L2 of 0.01 on standardised columns, at most 100 steps. */
    public static final Settings DEFAULT = new Settings(0.01, true, 100);

    /**
     * @throws IllegalArgumentException if a value is out of range
     */
    public Settings {
      require(l2 > 0 && Double.isFinite(l2), "l2 must be > 0, was %s", l2);
      require(maxIterations >= 1, "maxIterations must be >= 1, was %s", maxIterations);
    }
  }

  private LogisticProbe(double[] weights, double intercept, boolean converged, int iterations) {
    this.weights = weights;
    this.intercept = intercept;
    this.converged = converged;
    this.iterations = iterations;
  }

  /**
   * Fits a probe with Newton's method, each step by conjugate gradients: O(N D) memory, and O(N D)
   * time per iteration.
   *
   * @param positive rows [N1, D] of the positive class, at least one
   * @param negative rows [N2, D] of the negative class, at least one
   * @throws IllegalArgumentException if a class is empty, widths differ or a value is not finite
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public static LogisticProbe fit(float[][] positive, float[][] negative, Settings settings) {
    double[][] p = Rows.checked("positive", positive);
    double[][] n = Rows.checked("negative", negative);
    int width = p[0].length;
    require(width == n[0].length, "dimensions differ: %d != %d", width, n[0].length);
    double[][] rows = new double[p.length + n.length][];
    System.arraycopy(p, 0, rows, 0, p.length);
    System.arraycopy(n, 0, rows, p.length, n.length);
    MeanAccumulator columns = new MeanAccumulator(width);
    for (double[] row : rows) {
      columns.add(row);
    }
    // Always centred: the free intercept compensates, and the problem is better conditioned.
    double[] mean = columns.mean();
    double[] scale = scale(columns, rows.length, settings.standardise());
    for (double[] row : rows) {
      for (int j = 0; j < width; j++) {
        row[j] = (row[j] - mean[j]) / scale[j];
      }
    }
    LogisticFit fit = new LogisticFit(rows, p.length, settings.l2());
    boolean converged = false;
    while (!converged && fit.steps() < settings.maxIterations()) {
      Cancellation.check("logistic probe");
      converged = fit.step();
    }
    double[] weights = new double[width];
    double intercept = fit.intercept();
    for (int j = 0; j < width; j++) {
      weights[j] = fit.weights()[j] / scale[j];
      intercept -= weights[j] * mean[j];
    }
    return new LogisticProbe(weights, intercept, converged, fit.steps());
  }

  private static double[] scale(MeanAccumulator columns, int rows, boolean standardise) {
    double[] variance = columns.variance();
    return IntStream.range(0, variance.length)
        .mapToDouble(
            j -> {
              // A constant column has no information; divided by N as in scikit-learn.
              double deviation = Math.sqrt(variance[j] * (rows - 1) / rows);
              return standardise && deviation > 0 ? deviation : 1;
            })
        .toArray();
  }

  /** A copy of the weights w [D], per unit of the rows. */
  public double[] weights() {
    return weights.clone();
  }

  /** The intercept b. */
  public double intercept() {
    return intercept;
  }

  /** Whether the fit reached its minimum, to about nine digits of the gradient. */
  public boolean converged() {
    return converged;
  }

  /** The number of Newton steps taken. */
  public int iterations() {
    return iterations;
  }

  /**
   * The log-odds w.x + b of the positive class for a row [D].
   *
   * @throws IllegalArgumentException if the row has another width
   */
  public double logOdds(float[] row) {
    require(
        row.length == weights.length, "dimensions differ: %d != %d", row.length, weights.length);
    double sum = intercept;
    for (int j = 0; j < row.length; j++) {
      sum += weights[j] * row[j];
    }
    return sum;
  }

  /**
   * The probability of the positive class for a row [D], 0 to 1.
   *
   * @throws IllegalArgumentException if the row has another width
   */
  public double probability(float[] row) {
    return LogisticFit.sigmoid(logOdds(row));
  }
}
