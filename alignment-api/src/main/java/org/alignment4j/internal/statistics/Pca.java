package org.alignment4j.internal.statistics;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Principal components of rows: orthonormal directions [K, D] in order of falling variance, in
 * float64. Two forms: {@link #fit} of one cloud of rows and {@link #ofDifferences} of paired rows.
 * Runs on ND4J, whose first use takes seconds to load. Immutable and thread-safe.
 *
 * <p>Components come from the eigenvectors of the smaller of the two Gram matrices, N x N or D x D,
 * so cost is O(min(N, D)^2 max(N, D)). That squares the condition number: directions whose standard
 * deviation is below about 1e-7 of the first one's are noise, and are left out.
 */
public final class Pca {
  private final double[] mean;
  private final double[][] components;
  private final double[] explainedVariance;
  private final double totalVariance;

  private Pca(
      double[] mean, double[][] components, double[] explainedVariance, double totalVariance) {
    this.mean = mean;
    this.components = components;
    this.explainedVariance = explainedVariance;
    this.totalVariance = totalVariance;
  }

  /**
   * The first {@code count} components of {@code rows} [N, D] about their mean; variances are
   * divided by N - 1. The sign of a component is such that its largest coordinate (the first of
   * equals) is positive.
   *
   * @param count K, at most min(N - 1, D); fewer come back if the rows span fewer dimensions
   * @throws IllegalArgumentException if N &lt; 2, {@code count} is out of range, rows differ in
   *     width or a value is not finite
   * @throws org.alignment4j.core.EngineException if ND4J has no backend
   */
  public static Pca fit(float[][] rows, int count) {
    return fitChecked(Rows.checked("rows", rows), count);
  }

  /** As {@link #fit(float[][], int)}, for float64 rows. */
  public static Pca fit(double[][] rows, int count) {
    return fitChecked(Rows.checked("rows", rows), count);
  }

  /**
   * The first {@code count} components of the differences {@code positive} - {@code negative} [N,
   * D] of paired rows, about the origin: the components of the differences taken in both
   * directions, so that a shift common to all pairs is included (centring would remove it).
   * Variances are divided by N. The sign of a component is such that the positive rows project
   * higher on average.
   *
   * @param count K, at most min(N, D); fewer come back if the differences span fewer dimensions
   * @throws IllegalArgumentException if the shapes differ, {@code count} is out of range or a value
   *     is not finite
   * @throws org.alignment4j.core.EngineException if ND4J has no backend
   */
  public static Pca ofDifferences(float[][] positive, float[][] negative, int count) {
    double[][] differences = Rows.checked("positive", positive);
    double[][] subtrahend = Rows.checked("negative", negative);
    require(
        differences.length == subtrahend.length && differences[0].length == subtrahend[0].length,
        "dimensions differ: [%d, %d] != [%d, %d]",
        differences.length,
        differences[0].length,
        subtrahend.length,
        subtrahend[0].length);
    int n = differences.length;
    int width = differences[0].length;
    double[] shift = new double[width];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < width; j++) {
        differences[i][j] -= subtrahend[i][j];
        shift[j] += differences[i][j] / n;
      }
    }
    requireCount(count, Math.min(n, width));
    return ofRows(differences, shift, count);
  }

  /** Components of differences {@code x} [N, D] about the origin; see {@link #ofDifferences}. */
  static Pca ofRows(double[][] x, double[] shift, int count) {
    return decompose(x, new double[shift.length], shift, count, x.length);
  }

  /**
   * Components about the origin of rows known by their sum of outer products.
   *
   * @param moment [D, D], symmetric
   * @param shift the rows' mean [D]
   * @param rows N
   */
  static Pca ofSecondMoment(double[][] moment, double[] shift, int count, long rows) {
    Nd4jLinalg.Eigen eigen = Nd4jLinalg.eigen(moment);
    int kept = kept(eigen, count);
    double[][] components = Arrays.copyOf(eigen.vectors(), kept);
    double total = 0;
    for (int i = 0; i < moment.length; i++) {
      total += moment[i][i];
    }
    return oriented(new double[shift.length], shift, eigen, components, rows, total);
  }

  private static Pca fitChecked(double[][] rows, int count) {
    int n = rows.length;
    int width = rows[0].length;
    require(n >= 2, "principal components need at least 2 rows, have %d", n);
    requireCount(count, Math.min(n - 1, width));
    MeanAccumulator accumulator = new MeanAccumulator(width);
    for (double[] row : rows) {
      accumulator.add(row);
    }
    double[] mean = accumulator.mean();
    for (double[] row : rows) {
      for (int j = 0; j < width; j++) {
        row[j] -= mean[j];
      }
    }
    return decompose(rows, mean, new double[width], count, n - 1);
  }

  private static void requireCount(int count, int max) {
    require(count >= 1 && count <= max, "components must be in 1..%d, was %d", max, count);
  }

  /**
   * Components of {@code x} [N, D] about the origin, oriented along {@code orientation} [D] or, at
   * right angles to it, by their largest coordinate.
   */
  private static Pca decompose(
      double[][] x, double[] mean, double[] orientation, int count, int divisor) {
    boolean wide = x.length <= x[0].length;
    Nd4jLinalg.Eigen eigen = Nd4jLinalg.eigen(Nd4jLinalg.gram(wide ? x : transposed(x)));
    double[][] leading = Arrays.copyOf(eigen.vectors(), kept(eigen, count));
    // X = U S V^T: the rows of V^T are u^T X / s.
    double[][] components = wide && leading.length > 0 ? Nd4jLinalg.product(leading, x) : leading;
    double total = 0;
    for (double[] row : x) {
      total += dot(row, row);
    }
    return oriented(mean, orientation, eigen, components, divisor, total);
  }

  /** The number of the first {@code count} eigenvalues that are above rounding. */
  private static int kept(Nd4jLinalg.Eigen eigen, int count) {
    // Rounding leaves eigenvalues of about this size in dimensions that the rows do not span.
    double floor = Math.max(eigen.values()[0], 0) * eigen.values().length * Math.ulp(1.0);
    int kept = 0;
    while (kept < count && eigen.values()[kept] > floor) {
      kept++;
    }
    return kept;
  }

  /** Normalises {@code components}, eigenvectors of any length, and sets their signs. */
  private static Pca oriented(
      double[] mean,
      double[] orientation,
      Nd4jLinalg.Eigen eigen,
      double[][] components,
      long divisor,
      double total) {
    double[] explained = new double[components.length];
    for (int i = 0; i < components.length; i++) {
      explained[i] = eigen.values()[i] / divisor;
      double sign = sign(components[i], orientation);
      double scale = sign / Math.sqrt(dot(components[i], components[i]));
      for (int j = 0; j < components[i].length; j++) {
        components[i][j] *= scale;
      }
    }
    return new Pca(mean, components, explained, total / divisor);
  }

  private static double sign(double[] component, double[] orientation) {
    double along = dot(component, orientation);
    double noise =
        1e-9 * Math.sqrt(dot(component, component)) * Math.sqrt(dot(orientation, orientation));
    if (Math.abs(along) > noise) {
      return Math.signum(along);
    }
    double largest = 0;
    for (double value : component) {
      if (Math.abs(value) > Math.abs(largest)) {
        largest = value;
      }
    }
    return Math.signum(largest);
  }

  /** The number of components, K. */
  public int size() {
    return components.length;
  }

  /**
   * A copy of component {@code index} [D], of unit length; 0 is the one with the largest variance.
   *
   * @throws IndexOutOfBoundsException if there is no such component
   */
  public double[] component(int index) {
    return components[index].clone();
  }

  /** The variance of the rows along each component [K], in squared units of the rows. */
  public double[] explainedVariance() {
    return explainedVariance.clone();
  }

  /** The share of the total variance along each component [K], each in [0, 1]. */
  public double[] explainedVarianceRatio() {
    return Arrays.stream(explainedVariance).map(v -> v / totalVariance).toArray();
  }

  /** The point [D] that components are measured from: the mean, or zero for differences. */
  public double[] mean() {
    return mean.clone();
  }

  /**
   * The coordinates [K] of a row [D] along the components, measured from {@link #mean}.
   *
   * @throws IllegalArgumentException if the row has another width
   */
  public double[] project(double[] row) {
    require(row.length == mean.length, "dimensions differ: %d != %d", row.length, mean.length);
    double[] centred = new double[row.length];
    Arrays.setAll(centred, j -> row[j] - mean[j]);
    return Arrays.stream(components).mapToDouble(c -> dot(c, centred)).toArray();
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
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

  /**
   * The differences of paired rows [D] seen one pair at a time, for their mean and their principal
   * components about the origin: {@link Pca#ofDifferences} without all rows in memory. Float64; O(D
   * min(N, D)) memory after N pairs, so never more than O(D^2): up to D - 1 differences are kept as
   * they are, from D on as their sum of outer products. Not thread-safe: give each thread its own
   * and {@link #merge} them.
   */
  public static final class DifferenceAccumulator {
    /** Rows added to the sum of outer products at once, so that it is read from memory once. */
    private static final int PANEL = 32;

    private final int width;
    private final double[] sum;

    /** Differences not yet in {@link #moment}. */
    private final List<double[]> rows = new ArrayList<>();

    /** Sum of outer products: row i has columns 0 to i. Empty until needed. */
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
     * @throws IllegalArgumentException if a row has another width or contains a value that is not
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
     * Adds all pairs of {@code other}, which is unchanged.
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
     * The first components of the differences about the origin, as in {@link Pca#ofDifferences}:
     * variances divided by N, positive rows projecting higher on average.
     *
     * @param count K, at most min(N, D); fewer come back if the differences span fewer dimensions
     * @throws IllegalArgumentException if {@code count} is out of range
     * @throws org.alignment4j.core.EngineException if ND4J has no backend
     */
    public Pca components(int count) {
      require(
          count >= 1 && count <= Math.min(this.count, width),
          "components must be in 1..%d, was %d",
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
}
