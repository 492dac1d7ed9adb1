package org.alignment4j.model;

import ai.djl.ndarray.NDManager;
import java.nio.FloatBuffer;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.tensor.NativeTensor;
import org.alignment4j.internal.tensor.StorageType;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A matrix of integers of few bits with scales, whose values before rounding may be read again. */
interface RoundedMatrix extends Matrix {
  /** Where the unrounded values are; null if nowhere. */
  @Nullable Origin origin();

  /**
   * Whether float32 values, just read from the {@linkplain #origin}, are rounded to this matrix.
   */
  boolean isRoundOf(FloatMatrix values);

  private NDManager manager() {
    return arrays().get(1).getManager();
  }

  @Override
  default void read(long first, FloatBuffer into) {
    long columns = shape().get(1);
    while (into.hasRemaining()) {
      long row = first / columns;
      int before = (int) (first - row * columns);
      // 16 MiB at a time.
      long rows = Math.min(Math.max(1, (1L << 22) / columns), shape().get(0) - row);
      float[] some = Int8Kernels.rows(arrays(), row, rows, manager());
      int n = Math.min(into.remaining(), some.length - before);
      into.put(some, before, n);
      first += n;
    }
  }

  @Override
  default FloatMatrix widened(NDManager manager) {
    return new FloatMatrix(name(), Int8Kernels.widened(arrays(), manager));
  }

  /** The values at the origin, if they are still those that this matrix was made of. */
  @Override
  default @Nullable FloatMatrix unrounded(NDManager manager) {
    Origin origin = origin();
    if (origin == null) {
      return null;
    }
    Logger log = LoggerFactory.getLogger(RoundedMatrix.class);
    FloatMatrix copy =
        new FloatMatrix(name(), NativeTensor.empty(manager, StorageType.F32, shape()));
    try {
      origin.fill(copy);
      if (isRoundOf(copy)) {
        return copy;
      }
      log.warn(
          "{}: the checkpoint has changed since it was loaded: {}",
          name(),
          "its rounded values are used");
    } catch (CheckpointException e) {
      log.warn("{}: its rounded values are used: {}", name(), e.getMessage());
    }
    copy.array().close();
    return null;
  }
}
