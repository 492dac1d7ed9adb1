package org.alignment4j.reading;

/**
 * A direction with the threshold on it that separates the classes.
 *
 * @param direction unit vector [D] from the negative to the positive class; zero if there is no
 *     difference
 * @param threshold the projection above which a state is classified as positive
 * @param separation distance of the class means along the direction, 0 or more
 */
record ReadAxis(double[] direction, double threshold, double separation) {
  /** An axis with the threshold halfway between the class means {@code p} and {@code n}. */
  static ReadAxis between(double[] p, double[] n, double[] direction) {
    double[] unit = oriented(p, n, direction);
    double high = dot(unit, p);
    double low = dot(unit, n);
    return new ReadAxis(unit, high / 2 + low / 2, Math.max(0, high - low));
  }

  /** An axis with the threshold where the log-odds are 0. */
  static ReadAxis ofProbe(double[] p, double[] n, double[] weights, double intercept) {
    double[] unit = oriented(p, n, weights);
    double length = Math.sqrt(dot(weights, weights));
    if (length == 0) {
      return between(p, n, weights);
    }
    double along = dot(unit, weights) < 0 ? -length : length;
    return new ReadAxis(unit, -intercept / along, Math.max(0, dot(unit, p) - dot(unit, n)));
  }

  private static double[] oriented(double[] p, double[] n, double[] direction) {
    double length = Math.sqrt(dot(direction, direction));
    double factor = dot(direction, p) < dot(direction, n) ? -1 / length : 1 / length;
    double[] unit = new double[direction.length];
    for (int j = 0; j < unit.length && length > 0; j++) {
      unit[j] = direction[j] * factor;
    }
    return unit;
  }

  double projection(float[] row) {
    double sum = 0;
    for (int j = 0; j < row.length; j++) {
      sum += direction[j] * row[j];
    }
    return sum;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int j = 0; j < a.length; j++) {
      sum += a[j] * b[j];
    }
    return sum;
  }
}
