package org.alignment4j.internal.statistics;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Random;

/**
 * The sign-flip permutation test of paired differences (Fisher 1935): if nothing changed, each
 * difference is as likely as its negative. With at most 16 non-zero differences all flips are
 * enumerated; with more, flips are sampled. Immutable and thread-safe.
 *
 * @param permutations the number of sampled flips, at least 100
 * @param seed the seed of the sampling; the same seed gives the same p-value on every platform
 */
public record SignFlip(int permutations, long seed) {
  private static final int COUNTED = 16;

  /**
   * @throws IllegalArgumentException if there are too few permutations
   */
  public SignFlip {
    require(permutations >= 100, "permutations must be at least 100, was %d", permutations);
  }

  /**
   * The two-sided p-value of the sum of differences: the share of flips whose sum is at least as
   * far from 0. Sampled flips include the sample itself, so that p is never 0 (Phipson and Smyth
   * 2010).
   *
   * @param differences [N], of independent pairs or clusters; N may be 0
   * @return in (0, 1]; 1 if all differences are 0
   * @throws IllegalArgumentException if a difference is not finite
   */
  public double pValue(double[] differences) {
    double[] d =
        java.util.Arrays.stream(Rows.checkedSample("differences", differences, 0))
            .filter(v -> v != 0)
            .toArray();
    double sum = 0;
    double size = 0;
    for (double v : d) {
      sum += v;
      size += Math.abs(v);
    }
    // Sums that differ only by the order of additions are treated as equal.
    double reached = Math.abs(sum) - 1e-12 * size;
    return d.length <= COUNTED ? counted(d, reached) : drawn(d, reached);
  }

  private static double counted(double[] d, double reached) {
    int flips = 1 << d.length;
    int far = 0;
    for (int signs = 0; signs < flips; signs++) {
      double sum = 0;
      for (int i = 0; i < d.length; i++) {
        sum += (signs >> i & 1) == 0 ? d[i] : -d[i];
      }
      far += Math.abs(sum) >= reached ? 1 : 0;
    }
    return (double) far / flips;
  }

  private double drawn(double[] d, double reached) {
    // java.util.Random, because its sequence is part of its specification.
    Random random = new Random(seed);
    int far = 1;
    for (int r = 0; r < permutations; r++) {
      double sum = 0;
      for (int i = 0; i < d.length; ) {
        int bits = random.nextInt();
        for (int b = 0; b < Integer.SIZE && i < d.length; b++, i++) {
          sum += (bits >> b & 1) == 0 ? d[i] : -d[i];
        }
      }
      far += Math.abs(sum) >= reached ? 1 : 0;
    }
    return far / (permutations + 1.0);
  }
}
