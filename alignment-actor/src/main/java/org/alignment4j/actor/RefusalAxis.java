package org.alignment4j.actor;

import static org.alignment4j.internal.text.Arguments.require;

/**
 * The line through the benign and the harmful mean of a layer, with a coordinate on it: 0 at the
 * benign mean, 1 at the harmful mean (float64). Immutable.
 */
final class RefusalAxis {
  private final double[] direction; // R [D]
  private final double[] benignMean; // m+ [D]
  private final double squaredNorm;

  /**
   * @param direction R [D], harmful mean minus benign mean; neither centred nor normalised
   * @param benignMean m+ [D]
   * @throws IllegalArgumentException if widths differ, a value is not finite or R is zero
   */
  RefusalAxis(double[] direction, double[] benignMean) {
    requireFinite("direction", direction);
    requireFinite("benign mean", benignMean);
    requireWidth(benignMean.length, direction.length);
    this.direction = direction.clone();
    this.benignMean = benignMean.clone();
    this.squaredNorm = CosineLoss.dot(direction, direction);
    require(squaredNorm > 0, "the refusal direction is zero: the classes have the same mean");
  }

  /**
   * Returns the axis through the class means [D] at the layer; R = {@code harmful} - {@code
   * benign}.
   */
  static RefusalAxis ofMeans(double[] harmful, double[] benign) {
    requireWidth(harmful.length, benign.length);
    double[] direction = new double[benign.length];
    for (int i = 0; i < direction.length; i++) {
      direction[i] = harmful[i] - benign[i];
    }
    return new RefusalAxis(direction, benign);
  }

  /** R [D], a copy. */
  double[] direction() {
    return direction.clone();
  }

  /** m+ [D], a copy. */
  double[] benignMean() {
    return benignMean.clone();
  }

  /** u = R.(a - m+) / |R|^2: 0 at the benign mean, 1 at the harmful mean. */
  double u(double[] activation) {
    requireWidth(activation.length, direction.length);
    double sum = 0;
    for (int i = 0; i < direction.length; i++) {
      sum += direction[i] * (activation[i] - benignMean[i]);
    }
    return sum / squaredNorm;
  }

  /** u of rows [N, D]. */
  double[] us(float[][] rows) {
    double[] us = new double[rows.length];
    for (int i = 0; i < us.length; i++) {
      double[] wide = new double[rows[i].length];
      for (int j = 0; j < wide.length; j++) {
        wide[j] = rows[i][j];
      }
      us[i] = u(wide);
    }
    return us;
  }

  /** R.a / |R|^2, the uncentred coordinate of the published projection. */
  double projection(double[] activation) {
    requireWidth(activation.length, direction.length);
    return CosineLoss.dot(direction, activation) / squaredNorm;
  }

  /** a + step * R, a new array [D]. */
  double[] moved(double[] activation, double step) {
    double[] target = new double[activation.length];
    for (int i = 0; i < target.length; i++) {
      target[i] = activation[i] + step * direction[i];
    }
    return target;
  }

  private static void requireWidth(int width, int expected) {
    require(width == expected, "dimensions differ: %d != %d", width, expected);
  }

  private static void requireFinite(String name, double[] vector) {
    for (int i = 0; i < vector.length; i++) {
      require(Double.isFinite(vector[i]), "%s: column %d is %s, not finite", name, i, vector[i]);
    }
  }
}
