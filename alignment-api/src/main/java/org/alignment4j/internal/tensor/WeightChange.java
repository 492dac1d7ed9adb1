package org.alignment4j.internal.tensor;

import java.util.Arrays;
import org.alignment4j.core.CheckpointException;

/** The replacement of one of a checkpoint's tensors by another of the same shape. */
public interface WeightChange {
  /** The new elements, computed from the base's. */
  TensorSource.Filler filler(Checkpoint base, TensorInfo info);

  /**
   * A replacement by values, which are not copied.
   *
   * @throws CheckpointException if the base has no such tensor or it has another shape
   */
  static WeightChange by(Checkpoint base, String name, long[] shape, float[] values) {
    long[] found = base.info(name).shape();
    if (!Arrays.equals(found, shape)) {
      throw misfit(base, name, found, shape);
    }
    return (file, info) -> (first, into) -> into.put(values, (int) first, into.remaining());
  }

  /** The error for a tensor of the base whose shape differs from the adapter's. */
  static CheckpointException misfit(Checkpoint base, String name, long[] found, long[] expected) {
    return new CheckpointException(
        base.origin()
            + ": "
            + name
            + " has shape "
            + Arrays.toString(found)
            + ", the adapter "
            + Arrays.toString(expected));
  }
}
