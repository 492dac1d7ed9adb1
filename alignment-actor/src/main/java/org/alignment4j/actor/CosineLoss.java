package org.alignment4j.actor;

import static org.alignment4j.internal.text.Arguments.require;

/**
 * L = 1 - cos(a, t) of an activation a [D] and its constant target t [D], in forms that survive a
 * target very close to the activation (float64). At ACTOR's alpha of 0.0015 the loss is at most
 * 2.8e-7 and the textbook form rounds to zero in float32.
 */
final class CosineLoss {
  private CosineLoss() {}

  /**
   * The loss as 0.5 |a/|a| - t/|t||^2, in [0, 2].
   *
   * @throws IllegalArgumentException if widths differ or a vector is zero or not finite
   */
  static double value(double[] activation, double[] target) {
    double activationNorm = norm("activation", activation);
    double targetNorm = norm("target", target);
    requireWidth(activation, target);
    double sum = 0;
    for (int i = 0; i < activation.length; i++) {
      double difference = activation[i] / activationNorm - target[i] / targetNorm;
      sum += difference * difference;
    }
    return 0.5 * sum;
  }

  /**
   * dL/da [D] with t held constant: -(d - (d.a) a / |a|^2) / (|a| |t|), with d = t - a; the part of
   * the shift at right angles to the activation. Nothing cancels in it, however close t is to a.
   *
   * @throws IllegalArgumentException if widths differ or a vector is zero or not finite
   */
  static double[] gradient(double[] activation, double[] target) {
    double activationNorm = norm("activation", activation);
    double targetNorm = norm("target", target);
    requireWidth(activation, target);
    double along = 0;
    for (int i = 0; i < activation.length; i++) {
      along += (target[i] - activation[i]) * (activation[i] / activationNorm);
    }
    double[] gradient = new double[activation.length];
    for (int i = 0; i < gradient.length; i++) {
      double shift = target[i] - activation[i];
      double across = shift - along * (activation[i] / activationNorm);
      gradient[i] = -across / (activationNorm * targetNorm);
    }
    return gradient;
  }

  static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double norm(String name, double[] vector) {
    double norm = Math.sqrt(dot(vector, vector));
    require(
        norm > 0 && norm < Double.POSITIVE_INFINITY,
        "%s has norm %s, its direction is undefined",
        name,
        norm);
    return norm;
  }

  private static void requireWidth(double[] activation, double[] target) {
    require(
        activation.length == target.length,
        "dimensions differ: %d != %d",
        activation.length,
        target.length);
  }
}
