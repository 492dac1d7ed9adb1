package org.alignment4j.adapter;

import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.internal.text.Arguments;

/** Checks of numbers: finite, as many as expected. */
final class Finite {
  private Finite() {}

  /** The index of the first NaN or infinity, or -1. */
  static int firstExcept(float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        return i;
      }
    }
    return -1;
  }

  /**
   * Checks that there are {@code count} numbers, all finite.
   *
   * @throws IllegalArgumentException if not
   */
  static void require(String name, float[] values, long count) {
    Arguments.require(values.length == count, "%s: %s numbers, not %s", name, values.length, count);
    int at = firstExcept(values);
    Arguments.require(at < 0, "%s: number %s is %s", name, at, at < 0 ? 0 : values[at]);
  }

  /** The Euclidean length of a vector. */
  static double length(float[] vector) {
    double squares = 0;
    for (float f : vector) {
      squares += (double) f * f;
    }
    return Math.sqrt(squares);
  }

  /**
   * Reads a tensor.
   *
   * @throws CheckpointException if a number in it is not finite
   */
  static float[] read(SafetensorsFile file, String name) {
    float[] values = file.floats(name);
    int at = firstExcept(values);
    if (at >= 0) {
      throw new CheckpointException(
          file.path()
              + ": "
              + name
              + ": expected finite numbers, found "
              + values[at]
              + " at "
              + at);
    }
    return values;
  }
}
