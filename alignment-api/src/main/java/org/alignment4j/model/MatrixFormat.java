package org.alignment4j.model;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.errorprone.annotations.Immutable;
import java.util.List;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.internal.tensor.StorageType;

/**
 * A storage format of a model's matrices, with the kernels that multiply with it. {@link Precision}
 * selects one; kernels, adapters and training go through this interface.
 */
@Immutable
interface MatrixFormat {
  /** The type of an element. */
  StorageType type();

  /** The format of vectors other than norms, which are biases; norms are always float32. */
  MatrixFormat vectors();

  /** The format of the embedding table, single rows of which are read. */
  default MatrixFormat table() {
    return this;
  }

  /** The format of the weights of a tuned block. */
  default MatrixFormat tuned() {
    return this;
  }

  /**
   * The format of a matrix that consists of a checkpoint's tensors, one below the other: this one,
   * unless it depends on how they are stored.
   */
  default MatrixFormat of(Checkpoint checkpoint, List<String> tensors) {
    return this;
  }

  /** Number of arrays per matrix that kernels read. */
  int arrays();

  /** Memory that a weight takes, in bytes. */
  long bytes(Shape shape);

  /** A weight with uninitialised elements. */
  Matrix empty(String name, Shape shape, NDManager manager);

  /**
   * A weight with uninitialised elements, to be filled and then {@linkplain Matrix#packed packed}
   * before the next one is made; may use {@code staging} until then.
   */
  default Matrix staged(String name, Shape shape, NDManager manager, Staging staging) {
    return empty(name, shape, manager);
  }

  /**
   * Adds the kernels' operations on a matrix whose arrays start at {@code w[i]}: {@code matrix},
   * {@code matrix_rows}, {@code rows_of} and {@code merge}, as in {@code matrix_float.torchscript},
   * and the products of {@code linear.torchscript} and {@code product.torchscript}, possibly in
   * another implementation for inference. Any matrix may be replaced by a float32 copy.
   *
   * @param oneDnn whether to use oneDNN's products; the caller probes whether they work
   */
  void addKernels(Kernels.Builder kernels, boolean oneDnn);
}
