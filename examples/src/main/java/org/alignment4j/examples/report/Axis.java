package org.alignment4j.examples.report;

import java.util.ArrayList;
import java.util.List;

/**
 * An axis with round ticks over a range. Immutable.
 *
 * @param low the first tick
 * @param step distance between ticks, above 0
 * @param steps number of steps, at least 1
 */
public record Axis(double low, double step, int steps) {
  /** A narrower range is treated as a point. */
  private static final double NARROW = 1e-3;

  /**
   * Returns the shortest such axis that covers both values, with about {@code wished} steps.
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

  /** Returns the smallest 1, 2, 2.5 or 5 times a power of ten that is not below the argument. */
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

  /** Returns the position of a value: 0 at the first tick and 1 at the last. */
  double fraction(double value) {
    return (value - low) / (high() - low);
  }

  /** Returns a tick's label, with as many digits as the step needs. */
  String label(double tick) {
    int digits = 0;
    for (double s = step; digits < 6 && Math.abs(s - Math.rint(s)) > 1e-9 * s; s *= 10) {
      digits++;
    }
    return Figures.fixed(tick, digits);
  }
}
