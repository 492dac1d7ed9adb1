package org.alignment4j.examples.report;

import java.util.ArrayList;
import java.util.List;

/**
 * Round ticks over a range. Immutable.
 *
 * @param low the first tick
 * @param step from one tick to the next, above 0
 * @param steps how many there are, at least 1
 */
public record Axis(double low, double step, int steps) {
  /** A range as narrow as that is a point. */
  private static final double NARROW = 1e-3;

  /**
   * The shortest such axis over both values, with about as many steps as wished.
   *
   * @param least finite
   * @param greatest finite
   */
  static Axis covering(double least, double greatest, int wished) {
    double step = roundStep(Math.max(NARROW, greatest - least) / wished);
    double first = Math.floor(least / step + 1e-9);
    double last = Math.ceil(greatest / step - 1e-9);
    return new Axis(first * step, step, (int) Math.max(1, last - first));
  }

  /** The next higher 1, 2, 2.5 or 5 times a power of ten. */
  public static double roundStep(double least) {
    double power = Math.pow(10, Math.floor(Math.log10(least)));
    for (double factor : new double[] {1, 2, 2.5, 5}) {
      if (factor * power >= least * (1 - 1e-9)) {
        return factor * power;
      }
    }
    return 10 * power;
  }

  double high() {
    return low + steps * step;
  }

  List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    for (int i = 0; i <= steps; i++) {
      ticks.add(low + i * step);
    }
    return ticks;
  }

  /** Where a value lies, 0 at the first tick and 1 at the last. */
  double place(double value) {
    return (value - low) / (high() - low);
  }

  /** A tick's label, with as many digits as the step needs. */
  String label(double tick) {
    int digits = 0;
    for (double s = step; digits < 6 && Math.abs(s - Math.rint(s)) > 1e-9 * s; s *= 10) {
      digits++;
    }
    return Figures.fixed(tick, digits);
  }
}
