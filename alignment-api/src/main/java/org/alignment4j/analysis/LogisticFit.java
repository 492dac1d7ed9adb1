package org.alignment4j.analysis;

import java.util.Arrays;

/**
 * The state of a logistic regression: the parameters (w, b) [D + 1] and Newton's method on them.
 * Steps solve H s = -g by conjugate gradients, preconditioned by the diagonal, without forming H.
 */
final class LogisticFit {
  private static final double GRADIENT_TOLERANCE = 1e-9;
  private static final int HALVINGS = 40;

  private final double[][] rows;
  private final int positives;
  private final double l2;
  private final int width;
  private double[] parameters;

  /** The rows' log-odds [N] at the parameters. */
  private double[] logOdds;

  private int steps;

  /** Gradient length at the start, where all probabilities are one half. */
  private final double reference;

  /**
   * @param rows [N, D], the first {@code positives} of which are of the positive class
   */
  LogisticFit(double[][] rows, int positives, double l2) {
    this.rows = rows;
    this.positives = positives;
    this.l2 = l2;
    this.width = rows[0].length;
    this.parameters = new double[width + 1];
    this.logOdds = new double[rows.length];
    this.reference = length(gradient());
  }

  int steps() {
    return steps;
  }

  double[] weights() {
    return Arrays.copyOf(parameters, width);
  }

  double intercept() {
    return parameters[width];
  }

  /** Takes a Newton step unless the gradient is within tolerance of 0; returns whether it is. */
  boolean step() {
    double[] gradient = gradient();
    double before = length(gradient);
    if (before <= GRADIENT_TOLERANCE * reference) {
      return true;
    }
    steps++;
    double[] curvature = curvature();
    double[] direction = solve(gradient, curvature, Math.min(0.1, before / reference) * 1e-3);
    double slope = dot(gradient, direction);
    double value = value(parameters, logOdds);
    double[] change = products(direction);
    double share = 1;
    for (int i = 0; i < HALVINGS; i++, share /= 2) {
      double[] next = moved(parameters, direction, share);
      double[] odds = moved(logOdds, change, share);
      // Near the solution the gain is less than the sum's rounding, which must not end the descent.
      if (value(next, odds) <= value + 1e-4 * share * slope + 8 * Math.ulp(value)) {
        parameters = next;
        logOdds = odds;
        return length(gradient()) <= GRADIENT_TOLERANCE * reference;
      }
    }
    // The remaining gain is below rounding.
    return before <= 1e-6 * reference || stalled(direction);
  }

  private boolean stalled(double[] direction) {
    return length(direction) <= 1e-12 * Math.max(1, length(parameters));
  }

  private double value(double[] at, double[] odds) {
    double loss = 0;
    for (int i = 0; i < rows.length; i++) {
      double margin = i < positives ? odds[i] : -odds[i];
      loss += margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin;
    }
    double squares = 0;
    for (int j = 0; j < width; j++) {
      squares += at[j] * at[j];
    }
    return loss / rows.length + l2 / 2 * squares;
  }

  private double[] gradient() {
    double[] errors = new double[rows.length];
    for (int i = 0; i < rows.length; i++) {
      // 1 - p is computed directly, since subtraction would give 0 for p close to 1.
      errors[i] = (i < positives ? -sigmoid(-logOdds[i]) : sigmoid(logOdds[i])) / rows.length;
    }
    double[] gradient = transposedProducts(errors);
    for (int j = 0; j < width; j++) {
      gradient[j] += l2 * parameters[j];
    }
    return gradient;
  }

  /** Second derivatives [N] of the rows' losses by their log-odds. */
  private double[] curvature() {
    double[] curvature = new double[rows.length];
    Arrays.setAll(curvature, i -> sigmoid(logOdds[i]) * sigmoid(-logOdds[i]) / rows.length);
    return curvature;
  }

  /** s with |H s + g| at most {@code tolerance} |g|. */
  private double[] solve(double[] gradient, double[] curvature, double tolerance) {
    double[] diagonal = diagonal(curvature);
    double[] solution = new double[width + 1];
    double[] residual = Arrays.stream(gradient).map(g -> -g).toArray();
    double goal = tolerance * length(gradient);
    double[] search = quotient(residual, diagonal);
    double along = dot(residual, search);
    for (int i = 0; i <= 2 * Math.min(rows.length, width) + 50; i++) {
      double[] image = hessianTimes(search, curvature);
      double bend = dot(search, image);
      if (bend <= 0) {
        break; // by rounding only: H is positive definite except for the intercept
      }
      double step = along / bend;
      for (int j = 0; j <= width; j++) {
        solution[j] += step * search[j];
        residual[j] -= step * image[j];
      }
      if (length(residual) <= goal) {
        break;
      }
      double[] preconditioned = quotient(residual, diagonal);
      double next = dot(residual, preconditioned);
      double keep = next / along;
      for (int j = 0; j <= width; j++) {
        search[j] = preconditioned[j] + keep * search[j];
      }
      along = next;
    }
    return solution;
  }

  private double[] diagonal(double[] curvature) {
    double[] diagonal = new double[width + 1];
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < width; j++) {
        diagonal[j] += curvature[i] * rows[i][j] * rows[i][j];
      }
      diagonal[width] += curvature[i];
    }
    for (int j = 0; j < width; j++) {
      diagonal[j] += l2;
    }
    diagonal[width] = Math.max(diagonal[width], Double.MIN_NORMAL);
    return diagonal;
  }

  private double[] hessianTimes(double[] v, double[] curvature) {
    double[] products = products(v);
    for (int i = 0; i < products.length; i++) {
      products[i] *= curvature[i];
    }
    double[] image = transposedProducts(products);
    for (int j = 0; j < width; j++) {
      image[j] += l2 * v[j];
    }
    return image;
  }

  /** The rows' products with v [D + 1], whose last number is the intercept's. */
  private double[] products(double[] v) {
    double[] products = new double[rows.length];
    for (int i = 0; i < rows.length; i++) {
      products[i] = dot(rows[i], v) + v[width];
    }
    return products;
  }

  private double[] transposedProducts(double[] v) {
    double[] products = new double[width + 1];
    for (int i = 0; i < rows.length; i++) {
      double[] row = rows[i];
      double factor = v[i];
      for (int j = 0; j < width; j++) {
        products[j] += factor * row[j];
      }
      products[width] += factor;
    }
    return products;
  }

  private static double[] moved(double[] from, double[] direction, double share) {
    double[] to = new double[from.length];
    Arrays.setAll(to, j -> from[j] + share * direction[j]);
    return to;
  }

  private static double[] quotient(double[] a, double[] b) {
    double[] quotient = new double[a.length];
    Arrays.setAll(quotient, j -> a[j] / b[j]);
    return quotient;
  }

  private static double length(double[] v) {
    return Math.sqrt(dot(v, v));
  }

  /** The dot product over a's length, in four sums that the processor adds in parallel. */
  private static double dot(double[] a, double[] b) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int j = 0;
    for (; j + 3 < a.length; j += 4) {
      s0 += a[j] * b[j];
      s1 += a[j + 1] * b[j + 1];
      s2 += a[j + 2] * b[j + 2];
      s3 += a[j + 3] * b[j + 3];
    }
    for (; j < a.length; j++) {
      s0 += a[j] * b[j];
    }
    return (s0 + s1) + (s2 + s3);
  }

  /** 1 / (1 + exp(-x)) without overflow. */
  static double sigmoid(double x) {
    double e = Math.exp(-Math.abs(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
  }
}
