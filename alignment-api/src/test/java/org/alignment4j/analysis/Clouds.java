package org.alignment4j.analysis;

import java.util.Random;

/** Random rows for tests. */
public final class Clouds {
  private Clouds() {}

  /** Gaussian rows [n, width] around {@code centre} on every axis. */
  public static double[][] gaussian(Random random, int n, int width, double centre) {
    double[][] rows = new double[n][width];
    for (double[] row : rows) {
      for (int j = 0; j < width; j++) {
        row[j] = centre + random.nextGaussian();
      }
    }
    return rows;
  }

  /** A copy of the rows, reflected by the Householder matrix of {@code axis} (orthogonal). */
  public static double[][] reflected(double[][] rows, double[] axis) {
    double norm = 0;
    for (double value : axis) {
      norm += value * value;
    }
    double[][] copy = new double[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      double along = 0;
      for (int j = 0; j < axis.length; j++) {
        along += rows[i][j] * axis[j];
      }
      copy[i] = new double[axis.length];
      for (int j = 0; j < axis.length; j++) {
        copy[i][j] = rows[i][j] - 2 * along * axis[j] / norm;
      }
    }
    return copy;
  }

  /** A copy of the rows, scaled and then translated by {@code shift} [width]. */
  public static double[][] moved(double[][] rows, double scale, double[] shift) {
    double[][] copy = new double[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      copy[i] = rows[i].clone();
      for (int j = 0; j < shift.length; j++) {
        copy[i][j] = copy[i][j] * scale + shift[j];
      }
    }
    return copy;
  }
}
