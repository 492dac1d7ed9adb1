package org.alignment4j.analysis;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.alignment4j.internal.statistics.Rows;

/**
 * Percentile bootstrap intervals (Efron 1979): a statistic is recomputed on resamples drawn with
 * replacement, and its quantiles bound the interval. The same seed gives the same interval on every
 * platform. Immutable and thread-safe.
 *
 * @param resamples the number of resamples, at least 100
 * @param level the nominal coverage, in (0, 1), such as 0.95
 * @param seed the seed of the resampling
 */
public record Bootstrap(int resamples, double level, long seed) {
  /**
   * @throws IllegalArgumentException if {@code resamples} or {@code level} is out of range
   */
  public Bootstrap {
    require(resamples >= 100, "resamples must be at least 100, was %d", resamples);
    require(level > 0 && level < 1, "level must lie in (0, 1), was %s", level);
  }

  /** Returns a bootstrap with 10,000 resamples at a level of 0.95. */
  public static Bootstrap withSeed(long seed) {
    return new Bootstrap(10_000, 0.95, seed);
  }

  /**
   * An estimate with its interval.
   *
   * @param estimate the statistic of the whole sample
   * @param lo the lower bound
   * @param hi the upper bound
   */
  public record Interval(double estimate, double lo, double hi) {}

  /**
   * The mean of {@code values} [N] with its interval.
   *
   * @throws IllegalArgumentException if the values are empty or not finite
   */
  public Interval mean(double[] values) {
    double[] checked = Rows.checkedSample("values", values, 1);
    return of(checked.length, indices -> meanAt(checked, indices));
  }

  /**
   * The mean of {@code treated} - {@code control} [N] with its interval; resamples pairs, so that
   * variation common to both (hard and easy prompts) cancels.
   *
   * @throws IllegalArgumentException if the values are empty, not finite or of different lengths
   */
  public Interval pairedDifference(double[] treated, double[] control) {
    require(
        treated.length == control.length,
        "dimensions differ: %d != %d",
        treated.length,
        control.length);
    double[] difference = Rows.checkedSample("treated", treated, 1);
    double[] subtrahend = Rows.checkedSample("control", control, 1);
    for (int i = 0; i < difference.length; i++) {
      difference[i] -= subtrahend[i];
    }
    return mean(difference);
  }

  /**
   * A statistic of {@code size} items with its interval.
   *
   * @param size N, the number of items, positive
   * @param statistic maps indices [N] into the items (with repeats; 0 to N-1 in order for the
   *     estimate) to a number; it must neither keep nor change the array
   * @throws IllegalArgumentException if {@code size} is not positive or the statistic is NaN
   */
  public Interval of(int size, ToDoubleFunction<int[]> statistic) {
    require(size > 0, "size must be positive, was %d", size);
    int[] indices = new int[size];
    Arrays.setAll(indices, i -> i);
    double estimate = statistic.applyAsDouble(indices);
    require(!Double.isNaN(estimate), "the statistic of the sample is NaN");
    // java.util.Random, because its sequence is part of its specification.
    Random random = new Random(seed);
    double[] resampled = new double[resamples];
    for (int r = 0; r < resamples; r++) {
      for (int i = 0; i < size; i++) {
        indices[i] = random.nextInt(size);
      }
      resampled[r] = statistic.applyAsDouble(indices);
      require(!Double.isNaN(resampled[r]), "the statistic of resample %d is NaN", r);
    }
    Arrays.sort(resampled);
    double tail = (1 - level) / 2;
    return new Interval(estimate, quantile(resampled, tail), quantile(resampled, 1 - tail));
  }

  /**
   * Statistics of clustered items, such as questions of one template, with their intervals: whole
   * clusters are resampled with replacement within each stratum. All statistics use the same
   * resamples, so that a difference between two conditions on the same items is a paired
   * comparison.
   *
   * @param clusters the number of clusters in each stratum [S], each positive
   * @param statistics maps the multiplicity of each cluster [S][clusters], 1 for the estimate, to K
   *     numbers; it must neither keep nor change the arrays
   * @return K intervals; the bounds are NaN if the statistic is NaN for the sample or for more than
   *     5 % of the resamples, otherwise resamples with NaN are left out
   * @throws IllegalArgumentException if there is no stratum, or one without clusters
   */
  public List<Interval> clustered(int[] clusters, Function<int[][], double[]> statistics) {
    require(clusters.length > 0, "no strata");
    int[][] counts = new int[clusters.length][];
    for (int s = 0; s < clusters.length; s++) {
      require(clusters[s] > 0, "stratum %d has no clusters", s);
      counts[s] = new int[clusters[s]];
      Arrays.fill(counts[s], 1);
    }
    double[] estimates = statistics.apply(counts).clone();
    Random random = new Random(seed);
    double[][] resampled = new double[estimates.length][resamples];
    for (int r = 0; r < resamples; r++) {
      for (int[] stratum : counts) {
        Arrays.fill(stratum, 0);
        for (int i = 0; i < stratum.length; i++) {
          stratum[random.nextInt(stratum.length)]++;
        }
      }
      double[] found = statistics.apply(counts);
      for (int k = 0; k < estimates.length; k++) {
        resampled[k][r] = found[k];
      }
    }
    List<Interval> intervals = new ArrayList<>();
    for (int k = 0; k < estimates.length; k++) {
      intervals.add(interval(estimates[k], resampled[k]));
    }
    return intervals;
  }

  private Interval interval(double estimate, double[] resampled) {
    double[] known = Arrays.stream(resampled).filter(v -> !Double.isNaN(v)).sorted().toArray();
    if (Double.isNaN(estimate) || known.length < 0.95 * resampled.length) {
      return new Interval(estimate, Double.NaN, Double.NaN);
    }
    double tail = (1 - level) / 2;
    return new Interval(estimate, quantile(known, tail), quantile(known, 1 - tail));
  }

  /** Linear interpolation between order statistics (type 7 of Hyndman and Fan). */
  private static double quantile(double[] sorted, double probability) {
    double position = probability * (sorted.length - 1);
    int low = (int) Math.floor(position);
    int high = Math.min(low + 1, sorted.length - 1);
    return sorted[low] + (position - low) * (sorted[high] - sorted[low]);
  }

  private static double meanAt(double[] values, int[] indices) {
    double sum = 0;
    for (int index : indices) {
      sum += values[index];
    }
    return sum / indices.length;
  }
}
