package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.List;
import org.alignment4j.internal.tensor.NativeTensor;
import org.jspecify.annotations.Nullable;

/**
 * A weight on its device: a matrix [out, in], or a vector such as a norm's. An implementation is a
 * storage format: it defines how a matrix is stored, read, written, widened and trained; its {@link
 * MatrixFormat} provides the kernels that multiply with it.
 */
interface Matrix {
  /** A name for messages and trained parameters, such as {@code model.layers.3.qkv_proj}. */
  String name();

  /** [out, in], or [n] for a vector. */
  Shape shape();

  /**
   * The arrays that kernels read, in order: {@link MatrixFormat#arrays} of them, or fewer if the
   * missing ones are empty.
   */
  List<NDArray> arrays();

  /** The same weight with other arrays of the same format. */
  Matrix with(List<NDArray> arrays);

  /**
   * Sets elements from float32 values, row-major, rounding them.
   *
   * @param first index of the first element, at the start of a row
   * @param count number of elements, whole rows
   * @return whether all are finite after rounding
   */
  boolean fill(long first, long count, NativeTensor.Source source);

  /** The elements from {@code first} on, {@code into.remaining()} of them, as float32. */
  void read(long first, FloatBuffer into);

  /**
   * The weight in the layout in which products are fastest, once all elements are set; takes this
   * weight's place, which must not be used any more.
   */
  default Matrix packed() {
    return this;
  }

  /**
   * The weight for products, where its rows are read too, so that it cannot be {@link #packed()}: a
   * packed copy if products are too slow without, else this one.
   */
  default Matrix forProducts() {
    return this;
  }

  /** The same weight, which can be read again from where it came from. */
  default Matrix withOrigin(Origin origin) {
    return this;
  }

  /** Where a weight was read from. */
  @FunctionalInterface
  interface Origin {
    /**
     * Reads all elements again, unrounded.
     *
     * @throws org.alignment4j.core.CheckpointException if they can no longer be read
     */
    void fill(Matrix matrix);
  }

  /** A float32 copy in {@code manager}, detached: no gradients flow to this matrix. */
  FloatMatrix widened(NDManager manager);

  /**
   * A float32 copy in {@code manager} of the values before rounding; null if they are not known.
   */
  default @Nullable FloatMatrix unrounded(NDManager manager) {
    return null;
  }

  /** A float32 copy in {@code manager} to be trained; unrounded if its origin has the values. */
  default FloatMatrix trainable(NDManager manager) {
    FloatMatrix exact = unrounded(manager);
    FloatMatrix copy = exact == null ? widened(manager) : exact;
    copy.array().setRequiresGradient(true);
    return copy;
  }

  /** All elements as float32. */
  default float[] floats() {
    float[] all = new float[Math.toIntExact(shape().size())];
    read(0, FloatBuffer.wrap(all));
    return all;
  }
}
