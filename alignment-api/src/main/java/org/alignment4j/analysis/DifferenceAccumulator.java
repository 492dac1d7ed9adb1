package org.alignment4j.analysis;

import static org.alignment4j.core.Arguments.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The differences of paired rows [D] seen one pair at a time, for their mean and their principal
 * components about the origin: {@link Pca#ofDifferences} without having all rows at once. Float64;
 * O(D min(N, D)) memory after N pairs, so never more than O(D^2): up to D - 1 differences are kept
 * as they are, from D on as their sum of outer products. Not thread-safe: give each thread its own
 * and {@link #merge} them.
 */
public final class DifferenceAccumulator {
  /** Rows folded into the sum of outer products at once, which then passes the caches once. */
  private static final int PANEL = 32;

  private final int width;
  private final double[] sum;

  /** Differences not yet in {@link #moment}. */
  private final List<double[]> rows = new ArrayList<>();

  /** Sum of outer products: row i holds columns 0 to i. No rows before it is needed. */
  private double[][] moment = {};

  private long count;

  /**
   * Creates an empty accumulator.
   *
   * @param width D, the number of columns of every row
   * @throws IllegalArgumentException if {@code width} is not positive
   */
  public DifferenceAccumulator(int width) {
    require(width > 0, "width must be positive, was %d", width);
    this.width = width;
    this.sum = new double[width];
  }

  /**
   * Adds {@code positive} - {@code negative} [D].
   *
   * @throws IllegalArgumentException if a row has another width or holds a value that is not
   *     finite; the accumulator is then unchanged
   */
  public void add(float[] positive, float[] negative) {
    requireWidth(positive.length);
    requireWidth(negative.length);
    double[] difference = new double[width];
    for (int j = 0; j < width; j++) {
      difference[j] = (double) positive[j] - negative[j];
      if (!Double.isFinite(difference[j])) {
        throw new IllegalArgumentException(
            "pair "
                + count
                + ", column "
                + j
                + " is "
                + positive[j]
                + " and "
                + negative[j]
                + ", not finite");
      }
    }
    rows.add(difference);
    for (int j = 0; j < width; j++) {
      sum[j] += difference[j];
    }
    count++;
    foldIfMany();
  }

  /**
   * Adds all pairs that {@code other} has seen; {@code other} is unchanged.
   *
   * @throws IllegalArgumentException if the widths differ
   */
  public void merge(DifferenceAccumulator other) {
    requireWidth(other.width);
    if (other.moment.length > 0) {
      fold();
      for (int i = 0; i < width; i++) {
        for (int j = 0; j <= i; j++) {
          moment[i][j] += other.moment[i][j];
        }
      }
    }
    rows.addAll(List.copyOf(other.rows)); // the other may be this
    for (int j = 0; j < width; j++) {
      sum[j] += other.sum[j];
    }
    count += other.count;
    foldIfMany();
  }

  private void foldIfMany() {
    if (rows.size() >= (moment.length == 0 ? width : PANEL)) {
      fold();
    }
  }

  /** Moves the kept rows into the sum of outer products. */
  private void fold() {
    if (moment.length == 0) {
      double[][] empty = new double[width][];
      Arrays.setAll(empty, i -> new double[i + 1]);
      moment = empty;
    }
    for (int from = 0; from < rows.size(); from += PANEL) {
      List<double[]> panel = rows.subList(from, Math.min(rows.size(), from + PANEL));
      for (int i = 0; i < width; i++) {
        for (double[] row : panel) {
          addMultiple(moment[i], row, row[i]);
        }
      }
    }
    rows.clear();
  }

  /** The compiler runs this loop in vector registers. */
  private static void addMultiple(double[] to, double[] row, double factor) {
    for (int j = 0; j < to.length; j++) {
      to[j] += factor * row[j];
    }
  }

  /** The number of pairs seen. */
  public long count() {
    return count;
  }

  /**
   * The mean of the differences [D], which is the difference of the class means.
   *
   * @throws IllegalStateException before the first pair
   */
  public double[] mean() {
    if (count == 0) {
      throw new IllegalStateException("no mean before the first pair");
    }
    return Arrays.stream(sum).map(value -> value / count).toArray();
  }

  /**
   * The first components of the differences about the origin, as {@link Pca#ofDifferences} gives
   * them: variances divided by N, positive rows projecting higher on average.
   *
   * @param count K, at most min(N, D); fewer come back if the differences span fewer dimensions
   * @throws IllegalArgumentException if {@code count} is out of range
   * @throws org.alignment4j.core.EngineException if ND4J has no backend
   */
  public Pca components(int count) {
    require(
        count >= 1 && count <= Math.min(this.count, width),
        "components must lie in 1..%d, was %d",
        Math.min(this.count, width),
        count);
    if (moment.length == 0) {
      return Pca.ofRows(rows.toArray(double[][]::new), mean(), count);
    }
    fold();
    double[][] full = new double[width][width];
    for (int i = 0; i < width; i++) {
      for (int j = 0; j <= i; j++) {
        full[i][j] = moment[i][j];
        full[j][i] = moment[i][j];
      }
    }
    return Pca.ofSecondMoment(full, mean(), count, this.count);
  }

  private void requireWidth(int other) {
    require(other == width, "dimensions differ: %d != %d", width, other);
  }
}
