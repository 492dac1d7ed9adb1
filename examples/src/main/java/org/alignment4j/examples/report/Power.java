package org.alignment4j.examples.report;

import org.alignment4j.internal.statistics.Normal;

/** What a paired comparison of this size would find. */
public final class Power {
  /** Share of studies that would find the difference. */
  static final double POWER = 0.8;

  private Power() {}

  /**
   * The smallest mean difference that four of five studies would find at the 5 % level, with this
   * number of items and this spread of their differences.
   *
   * @param difference of each item, within -1 to 1 [N]; at least one
   */
  public static double detectable(double[] difference) {
    double squares = 0;
    for (double d : difference) {
      squares += d * d;
    }
    // At least one item in n may always change.
    double spread = Math.sqrt(Math.max(1, squares) / difference.length);
    return (Normal.quantile(0.975) + Normal.quantile(POWER))
        * spread
        / Math.sqrt(difference.length);
  }
}
