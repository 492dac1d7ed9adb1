package org.alignment4j.analysis;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Arrays;
import org.alignment4j.internal.statistics.Rows;

/**
 * The receiver operating characteristic of a score that should be high for positives and low for
 * negatives. A score is flagged when it is greater than or equal to the threshold. Immutable.
 */
public final class Roc {
  private final double[] positives; // ascending
  private final double[] negatives; // ascending

  private Roc(double[] positives, double[] negatives) {
    this.positives = positives;
    this.negatives = negatives;
  }

  /**
   * Returns the characteristic of a sample.
   *
   * @param positives scores of the positive class, at least one
   * @param negatives scores of the negative class, at least one
   * @throws IllegalArgumentException if a class is empty or a score is not finite
   */
  public static Roc of(double[] positives, double[] negatives) {
    double[] p = Rows.checkedSample("positives", positives, 1);
    double[] n = Rows.checkedSample("negatives", negatives, 1);
    Arrays.sort(p);
    Arrays.sort(n);
    return new Roc(p, n);
  }

  /**
   * The area under the curve: the probability that a random positive scores above a random
   * negative, ties counting half (Mann-Whitney). In [0, 1], 0.5 for chance.
   */
  public double auroc() {
    long halves = 0; // twice the number of pairs won, so that ties stay whole numbers
    for (double positive : positives) {
      halves += below(negatives, positive) + notAbove(negatives, positive);
    }
    return halves / (2.0 * positives.length * negatives.length);
  }

  /**
   * Average precision, the area under the precision-recall curve: the mean over positives of the
   * precision at each one's score as threshold, with tied scores taken together as in scikit-learn.
   * In (0, 1]; the share of positives in the sample for chance.
   */
  public double averagePrecision() {
    double sum = 0;
    for (double positive : positives) {
      sum += at(positive).precision();
    }
    return sum / positives.length;
  }

  /**
   * The lowest threshold that flags at most {@code falsePositiveRate} of the negatives, set halfway
   * between the first negative that must not be flagged and the next higher score of either class,
   * so that neither is at the threshold. At a rate of 1 it is the lowest score.
   *
   * @param falsePositiveRate the share of negatives that may be flagged, in [0, 1]
   * @throws IllegalArgumentException if the rate is outside [0, 1]
   */
  public double thresholdAt(double falsePositiveRate) {
    require(
        falsePositiveRate >= 0 && falsePositiveRate <= 1,
        "false-positive rate must lie in [0, 1], was %s",
        falsePositiveRate);
    // The tolerance keeps 0.29 of 100 at 29 although the product in float64 is just below.
    int allowed = (int) Math.floor(falsePositiveRate * negatives.length + 1e-9);
    if (allowed >= negatives.length) {
      return Math.min(positives[0], negatives[0]);
    }
    double highestKept = negatives[negatives.length - 1 - allowed];
    double next = Math.min(above(positives, highestKept), above(negatives, highestKept));
    if (next == Double.POSITIVE_INFINITY) {
      return Math.nextUp(highestKept);
    }
    double middle = highestKept / 2 + next / 2;
    return middle > highestKept && middle <= next ? middle : next;
  }

  /**
   * Returns the confusion counts of a threshold.
   *
   * @param threshold scores greater than or equal to it are flagged
   * @throws IllegalArgumentException if the threshold is NaN
   */
  public Confusion at(double threshold) {
    require(!Double.isNaN(threshold), "threshold is NaN");
    int missed = below(positives, threshold);
    int spared = below(negatives, threshold);
    return new Confusion(
        threshold, positives.length - missed, negatives.length - spared, spared, missed);
  }

  /**
   * Counts of flagged and unflagged scores at a threshold.
   *
   * @param threshold scores greater than or equal to it are flagged
   * @param truePositives number of positives flagged
   * @param falsePositives number of negatives flagged
   * @param trueNegatives number of negatives not flagged
   * @param falseNegatives number of positives not flagged
   */
  public record Confusion(
      double threshold,
      int truePositives,
      int falsePositives,
      int trueNegatives,
      int falseNegatives) {
    /** The share of flagged scores that are positive, in [0, 1]; 1 if none is flagged. */
    public double precision() {
      int flagged = truePositives + falsePositives;
      return flagged == 0 ? 1 : (double) truePositives / flagged;
    }

    /** The share of positives flagged (true-positive rate), in [0, 1]. */
    public double recall() {
      return (double) truePositives / (truePositives + falseNegatives);
    }

    /** The share of negatives flagged, in [0, 1]. */
    public double falsePositiveRate() {
      return (double) falsePositives / (falsePositives + trueNegatives);
    }
  }

  /** The number of values in {@code sorted} less than {@code value}. */
  private static int below(double[] sorted, double value) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] < value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** The number of values in {@code sorted} less than or equal to {@code value}. */
  private static int notAbove(double[] sorted, double value) {
    return below(sorted, Math.nextUp(value));
  }

  /** The lowest value in {@code sorted} greater than {@code value}, else infinity. */
  private static double above(double[] sorted, double value) {
    int index = notAbove(sorted, value);
    return index < sorted.length ? sorted[index] : Double.POSITIVE_INFINITY;
  }
}
