package org.alignment4j.internal.statistics;

import static org.alignment4j.internal.text.Arguments.require;

/**
 * The running mean and variance [D] of rows seen one at a time, in float64 and O(D) memory
 * (Welford's update, Chan's merge). Keep one accumulator per class to get class means. Not
 * thread-safe: give each thread its own and {@link #merge} them.
 */
public final class MeanAccumulator {
  private final double[] mean;
  private final double[] squares; // sum of squared deviations from the mean
  private long count;

  /**
   * Creates an empty accumulator.
   *
   * @param width D, the number of columns of every row
   * @throws IllegalArgumentException if {@code width} is not positive
   */
  public MeanAccumulator(int width) {
    require(width > 0, "width must be positive, was %d", width);
    mean = new double[width];
    squares = new double[width];
  }

  /**
   * Adds one row [D].
   *
   * @throws IllegalArgumentException if the row has another width or contains a value that is not
   *     finite; the accumulator is then unchanged
   */
  public void add(float[] row) {
    requireWidth(row.length);
    for (int j = 0; j < row.length; j++) {
      requireFinite(row[j], j);
    }
    count++;
    for (int j = 0; j < row.length; j++) {
      update(j, row[j]);
    }
  }

  /**
   * Adds one row [D].
   *
   * @throws IllegalArgumentException if the row has another width or contains a value that is not
   *     finite; the accumulator is then unchanged
   */
  public void add(double[] row) {
    requireWidth(row.length);
    for (int j = 0; j < row.length; j++) {
      requireFinite(row[j], j);
    }
    count++;
    for (int j = 0; j < row.length; j++) {
      update(j, row[j]);
    }
  }

  /**
   * Adds all rows of {@code other}, which is unchanged.
   *
   * @throws IllegalArgumentException if the widths differ
   */
  public void merge(MeanAccumulator other) {
    requireWidth(other.mean.length);
    if (other.count == 0) {
      return;
    }
    long total = count + other.count;
    double share = (double) other.count / total;
    double weight = (double) count * share;
    for (int j = 0; j < mean.length; j++) {
      double delta = other.mean[j] - mean[j];
      mean[j] += delta * share;
      squares[j] += other.squares[j] + delta * delta * weight;
    }
    count = total;
  }

  /** The number of rows seen. */
  public long count() {
    return count;
  }

  /**
   * The mean of the rows [D].
   *
   * @throws IllegalStateException before the first row
   */
  public double[] mean() {
    if (count == 0) {
      throw new IllegalStateException("no mean before the first row");
    }
    return mean.clone();
  }

  /**
   * The unbiased variance of the rows per column [D], divided by count - 1.
   *
   * @throws IllegalStateException before the second row
   */
  public double[] variance() {
    if (count < 2) {
      throw new IllegalStateException("a variance needs two rows, has " + count);
    }
    double[] variance = new double[squares.length];
    for (int j = 0; j < variance.length; j++) {
      variance[j] = squares[j] / (count - 1);
    }
    return variance;
  }

  private void update(int column, double value) {
    double delta = value - mean[column];
    mean[column] += delta / count;
    squares[column] += delta * (value - mean[column]);
  }

  private void requireWidth(int width) {
    require(width == mean.length, "dimensions differ: %d != %d", width, mean.length);
  }

  private void requireFinite(double value, int column) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(
          "row " + count + ", column " + column + " is " + value + ", not finite");
    }
  }
}
