package org.alignment4j.adapter;

/** Looks for numbers that are none. */
final class Finite {
  private Finite() {}

  /** The place of the first NaN or infinity, or -1. */
  static int firstExcept(float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        return i;
      }
    }
    return -1;
  }
}
