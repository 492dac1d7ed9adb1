package org.alignment4j.model;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.errorprone.annotations.Immutable;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.internal.tensor.StorageType;

/**
 * A form in which a model keeps its matrices, and the kernels that multiply with them. {@link
 * Precision} names one; everything else asks it.
 */
@Immutable
interface MatrixFormat {
  /** The type of an element. */
  StorageType type();

  /** The form of vectors beside the matrices, which are biases; norms are float32 in each. */
  MatrixFormat vectors();

  /** Arrays that kernels read per matrix. */
  int arrays();

  /** Memory that a weight takes. */
  long bytes(Shape shape);

  /** A weight whose elements are not set. */
  Matrix empty(String name, Shape shape, NDManager manager);

  /**
   * Adds what kernels do with a matrix that stands from {@code w[i]} on: {@code matrix}, {@code
   * matrix_rows}, {@code rows_of} and {@code merge}, as in {@code matrix_float.torchscript}, and
   * the products of {@code linear.torchscript}, in inference perhaps others by these names. A
   * float32 copy in training may stand in the place of any matrix.
   *
   * @param oneDnn whether oneDNN's products are to be used, which an attempt shows
   */
  void addKernels(Kernels.Builder kernels, boolean oneDnn);
}
