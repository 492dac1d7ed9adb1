package org.alignment4j.analysis;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Holm's step-down correction of p-values for several tests at once (Holm 1979). */
public final class Holm {
  private Holm() {}

  /**
   * Returns adjusted p-values: rejecting those of at most alpha keeps the probability of any false
   * rejection at most alpha, for any dependence between the tests.
   *
   * @param p p-values [M], each in [0, 1]; NaN for a test that could not be made, which is ignored
   * @return adjusted p-values [M] in the same order, each at least its p and at most 1; NaN stays
   *     NaN
   * @throws IllegalArgumentException if a value is outside [0, 1]
   */
  public static double[] adjusted(double[] p) {
    double[] adjusted = new double[p.length];
    Arrays.fill(adjusted, Double.NaN);
    for (double value : p) {
      require(Double.isNaN(value) || (value >= 0 && value <= 1), "p-value %s", value);
    }
    int[] order =
        IntStream.range(0, p.length)
            .filter(i -> !Double.isNaN(p[i]))
            .boxed()
            .sorted(Comparator.comparingDouble(i -> p[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    double largest = 0;
    for (int rank = 0; rank < order.length; rank++) {
      largest = Math.max(largest, Math.min(1, (order.length - rank) * p[order[rank]]));
      adjusted[order[rank]] = largest;
    }
    return adjusted;
  }
}
