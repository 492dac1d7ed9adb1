package org.alignment4j.steering;

import static org.alignment4j.internal.text.Arguments.require;

import org.alignment4j.internal.statistics.MeanAccumulator;
import org.alignment4j.internal.statistics.Rows;

/** Algebra of directions, in float64. */
final class Directions {
  private Directions() {}

  /** The mean of rows [N, D]. */
  static double[] mean(String name, float[][] rows) {
    double[][] checked = Rows.checked(name, rows);
    MeanAccumulator mean = new MeanAccumulator(checked[0].length);
    for (double[] row : checked) {
      mean.add(row);
    }
    return mean.mean();
  }

  static double[] minus(double[] a, double[] b) {
    require(a.length == b.length, "dimensions differ: %s != %s", a.length, b.length);
    double[] difference = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      difference[i] = a[i] - b[i];
    }
    return difference;
  }

  static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  /**
   * A copy of length 1.
   *
   * @throws IllegalArgumentException if its length is 0
   */
  static double[] unit(double[] vector) {
    double length = Math.sqrt(dot(vector, vector));
    require(length > 0 && Double.isFinite(length), "a direction of length %s", length);
    return times(vector, 1 / length);
  }

  static double[] times(double[] vector, double factor) {
    double[] scaled = vector.clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= factor;
    }
    return scaled;
  }

  static double[] wide(float[] vector) {
    double[] wide = new double[vector.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = vector[i];
    }
    return wide;
  }

  static float[] narrow(double[] vector) {
    float[] narrow = new float[vector.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) vector[i];
    }
    return narrow;
  }
}
