package org.alignment4j.actor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alignment4j.analysis.Auroc;
import org.alignment4j.internal.statistics.Folds;
import org.alignment4j.internal.statistics.MeanAccumulator;
import org.jspecify.annotations.Nullable;

/**
 * Scores of a layer's anchors, each along a direction computed from the anchors of other folds.
 *
 * @param harmful scores u of the harmful anchors
 * @param benign scores u of the benign anchors
 * @param auroc within folds
 */
record AnchorScores(double[] harmful, double[] benign, Auroc auroc) {
  /**
   * Scores anchors by cross-validation.
   *
   * @param harmful states [N, D]
   * @param benign states [M, D]
   */
  static AnchorScores of(float[][] harmful, float[][] benign, Folds folds) {
    if (!folds.validates()) {
      return new AnchorScores(new double[0], new double[0], Auroc.of(new double[0], new double[0]));
    }
    double[] h = new double[harmful.length];
    double[] b = new double[benign.length];
    List<double[]> high = new ArrayList<>();
    List<double[]> low = new ArrayList<>();
    for (int f = 0; f < folds.count(); f++) {
      double[] bad = mean(some(harmful, folds.otherPositives(f)));
      double[] good = mean(some(benign, folds.otherNegatives(f)));
      // Equal means, as at a layer that has not seen the prompt yet: no direction, all scores 0.
      RefusalAxis axis = Arrays.equals(bad, good) ? null : RefusalAxis.ofMeans(bad, good);
      double[] own = scores(axis, some(harmful, folds.positives(f)));
      double[] others = scores(axis, some(benign, folds.negatives(f)));
      put(own, folds.positives(f), h);
      put(others, folds.negatives(f), b);
      high.add(own);
      low.add(others);
    }
    return new AnchorScores(h, b, Auroc.ofFolds(high, low));
  }

  private static double[] scores(@Nullable RefusalAxis axis, float[][] rows) {
    return axis == null ? new double[rows.length] : axis.us(rows);
  }

  private static void put(double[] values, int[] where, double[] into) {
    for (int i = 0; i < where.length; i++) {
      into[where[i]] = values[i];
    }
  }

  private static float[][] some(float[][] rows, int[] which) {
    return Arrays.stream(which).mapToObj(i -> rows[i]).toArray(float[][]::new);
  }

  static double[] mean(float[][] rows) {
    MeanAccumulator mean = new MeanAccumulator(rows[0].length);
    for (float[] row : rows) {
      mean.add(row);
    }
    return mean.mean();
  }
}
