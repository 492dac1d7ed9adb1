package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.errorprone.annotations.Immutable;
import java.util.List;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.internal.tensor.NativeTensor;
import org.alignment4j.internal.tensor.StorageType;
import org.jspecify.annotations.Nullable;

/**
 * A matrix of 4-bit integers with a bfloat16 scale and offset for each 32 elements of a row, as
 * GGUF's Q4_0, Q4_1 and Q4_K have them: their integers are kept as they are, and only scales and
 * offsets rounded.
 *
 * @param arrays the integers, two a byte, their scales and offsets, see int4.torchscript, and the
 *     constants of an {@link Int8Matrix}, which a merged copy is
 * @param origin of the unrounded values; null if there is none
 */
record Int4Matrix(String name, Shape shape, List<NDArray> arrays, @Nullable Origin origin)
    implements RoundedMatrix {
  static final MatrixFormat FORMAT = new Format();

  private NDManager manager() {
    return arrays.get(1).getManager();
  }

  /** {@inheritDoc} A merged copy is of 8 bits: it has no 4-bit integers to keep. */
  @Override
  public Matrix with(List<NDArray> others) {
    return others.get(0).getDataType() == DataType.UINT8
        ? new Int4Matrix(name, shape, others, null)
        : new Int8Matrix(name, shape, others, null);
  }

  @Override
  public Int4Matrix withOrigin(Origin of) {
    return new Int4Matrix(name, shape, arrays, of);
  }

  @Override
  public boolean fill(long first, long count, NativeTensor.Source source) {
    return Int4Rows.fill(arrays, first / shape.get(1), count, source);
  }

  @Override
  public boolean isRoundOf(FloatMatrix values) {
    if (origin == null) {
      return false;
    }
    try (NDManager scope = manager().newSubManager()) {
      // Read once more, since the values alone do not tell the scales.
      Matrix again = FORMAT.empty(name, shape, scope);
      origin.fill(again);
      return Int4Kernels.same(arrays, again.arrays(), scope);
    }
  }

  /**
   * Matrices of 4 bits, and of 8 where the checkpoint keeps more than 4 or the shape does not fit.
   */
  @Immutable
  private record Format() implements MatrixFormat {
    @Override
    public StorageType type() {
      return Int8Matrix.FORMAT.type();
    }

    @Override
    public MatrixFormat vectors() {
      return Int8Matrix.FORMAT.vectors();
    }

    /** The rows of a matrix of 4 bits cannot be read singly. */
    @Override
    public MatrixFormat table() {
      return Int8Matrix.FORMAT;
    }

    @Override
    public MatrixFormat tuned() {
      return Int8Matrix.FORMAT.tuned();
    }

    @Override
    public MatrixFormat of(Checkpoint checkpoint, List<String> tensors) {
      for (String tensor : tensors) {
        boolean fits = Int4Kernels.fits(new Shape(checkpoint.info(tensor).shape()));
        if (!fits || (checkpoint.isQuantised(tensor) && !checkpoint.isFourBit(tensor))) {
          return Int8Matrix.FORMAT;
        }
      }
      return this;
    }

    @Override
    public int arrays() {
      return Int8Matrix.FORMAT.arrays();
    }

    /** {@inheritDoc} If the checkpoint does not keep more bits. */
    @Override
    public long bytes(Shape shape) {
      return Int4Kernels.fits(shape)
          ? shape.size() / 2 + shape.size() / Int4Kernels.GROUP * 2 * Short.BYTES
          : Int8Matrix.FORMAT.bytes(shape);
    }

    @Override
    public Matrix empty(String name, Shape shape, NDManager manager) {
      if (manager.getDevice().isGpu() || !Int4Kernels.fits(shape)) {
        return Int8Matrix.FORMAT.empty(name, shape, manager);
      }
      long rows = shape.get(0);
      long columns = shape.get(1);
      Shape scales = new Shape(columns / Int4Kernels.GROUP, rows, 2);
      return new Int4Matrix(
          name,
          shape,
          List.of(
              NativeTensor.empty(manager, StorageType.U8, new Shape(rows, columns / 2)),
              NativeTensor.empty(manager, StorageType.BF16, scales),
              Int8Kernels.parts(manager),
              Int8Kernels.zeros(manager),
              Int8Kernels.noSums(manager)),
          null);
    }

    @Override
    public void addKernels(Kernels.Builder kernels, boolean oneDnn) {
      Int8Matrix.addKernels(kernels, oneDnn, Int4Kernels.layout());
    }
  }
}
