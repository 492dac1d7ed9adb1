package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.alignment4j.internal.tensor.NativeTensor;
import org.alignment4j.internal.tensor.StorageType;
import org.jspecify.annotations.Nullable;

/**
 * Room in which matrices are filled, one after the other, before they are packed. An array for each
 * would leave gaps in the process's memory that packed matrices fit badly. Not thread-safe.
 */
final class Staging implements AutoCloseable {
  /** Elements of what is worth keeping: not an output matrix, which only one model has. */
  private static final long KEPT = 1 << 27;

  private final NDManager manager;
  private @Nullable NDArray room;

  Staging(NDManager parent) {
    this.manager = parent.newSubManager();
  }

  /** Integers [out, in] with arbitrary values, in the place of those returned before. */
  NDArray integers(Shape shape) {
    if (shape.size() > KEPT) {
      return NativeTensor.empty(manager, StorageType.I8, shape);
    }
    NDArray whole = room;
    if (whole == null || whole.getShape().size() < shape.size()) {
      if (whole != null) {
        whole.close();
      }
      whole = NativeTensor.empty(manager, StorageType.I8, new Shape(shape.size()));
      room = whole;
    }
    return Int8Kernels.part(whole, shape, manager);
  }

  @Override
  public void close() {
    manager.close();
  }
}
