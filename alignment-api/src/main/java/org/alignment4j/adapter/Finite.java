package org.alignment4j.adapter;

import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.tensor.SafetensorsFile;

/** Searches for numbers that are not finite. */
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
