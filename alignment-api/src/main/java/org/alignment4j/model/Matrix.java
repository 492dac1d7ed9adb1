package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.List;
import org.alignment4j.internal.tensor.NativeTensor;

/**
 * A weight on its device: a matrix [out, in], or a vector such as a norm's. A class that implements
 * this is a form of storage: how a matrix is kept, read, written, widened and trained; its {@link
 * MatrixFormat} brings the kernels that multiply with it.
 */
interface Matrix {
  /** A name for messages and trained parameters, such as {@code model.layers.3.qkv_proj}. */
  String name();

  /** [out, in], or [n] of a vector. */
  Shape shape();

  /**
   * What kernels read, one behind the other: as many arrays as {@link MatrixFormat#arrays} says, or
   * fewer, where those that lack have no elements.
   */
  List<NDArray> arrays();

  /** The same weight in other arrays of the same form. */
  Matrix with(List<NDArray> arrays);

  /**
   * Sets elements, row-major, from float32 ones, rounding them.
   *
   * @param first the first of a row
   * @param count whole rows
   * @return whether all are finite as they are kept
   */
  boolean fill(long first, long count, NativeTensor.Source source);

  /** The elements from {@code first} on, {@code into.remaining()} of them, as float32. */
  void read(long first, FloatBuffer into);

  /** A float32 copy in {@code manager}, through which no gradients flow to this one. */
  FloatMatrix widened(NDManager manager);

  /** A float32 copy in {@code manager} to be trained. */
  default FloatMatrix trainable(NDManager manager) {
    FloatMatrix copy = widened(manager);
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
