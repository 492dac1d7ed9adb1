package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.errorprone.annotations.Immutable;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.internal.tensor.NativeTensor;
import org.alignment4j.internal.tensor.StorageType;
import org.jspecify.annotations.Nullable;

/**
 * A matrix of 8-bit integers with one float32 scale per row, quantised symmetrically: the scale is
 * the row's largest magnitude / 127.
 *
 * @param arrays the integers, [out, in] or packed, the scales [out], constants of the products, and
 *     the integers' sums if products need them
 * @param origin of the unrounded values; null if there is none
 */
record Int8Matrix(String name, Shape shape, List<NDArray> arrays, @Nullable Origin origin)
    implements RoundedMatrix {
  static final MatrixFormat FORMAT = new Format();

  /** Index of the sums in {@link #arrays}. */
  static final int SUMS = 4;

  private NDManager manager() {
    return arrays.get(1).getManager();
  }

  private long columns() {
    return shape.get(1);
  }

  @Override
  public Int8Matrix with(List<NDArray> others) {
    return new Int8Matrix(name, shape, others, null);
  }

  @Override
  public Int8Matrix withOrigin(Origin of) {
    return new Int8Matrix(name, shape, arrays, of);
  }

  private Int8Matrix withPacked(NDList packed) {
    List<NDArray> others = new ArrayList<>(arrays);
    others.set(0, packed.get(0));
    others.set(SUMS, packed.get(1));
    return new Int8Matrix(name, shape, List.copyOf(others), origin);
  }

  @Override
  public boolean fill(long first, long count, NativeTensor.Source source) {
    return Int8Rows.fill(arrays, first / columns(), count, source);
  }

  @Override
  public Int8Matrix packed() {
    NDArray integers = arrays.get(0);
    NDList packed = Int8Kernels.packed(integers, manager());
    if (packed == null) {
      return this;
    }
    integers.close();
    return withPacked(packed);
  }

  @Override
  public Int8Matrix forProducts() {
    NDList packed =
        Int8Kernels.multipliesUnpacked() ? null : Int8Kernels.packed(arrays.get(0), manager());
    return packed == null ? this : withPacked(packed);
  }

  @Override
  public boolean isRoundOf(FloatMatrix values) {
    return Int8Kernels.roundsTo(arrays, values.array(), manager());
  }

  @Immutable
  private record Format() implements MatrixFormat {
    @Override
    public StorageType type() {
      return StorageType.I8;
    }

    @Override
    public MatrixFormat vectors() {
      return FloatMatrix.FLOAT32;
    }

    /** Exact: a tuned block's changes may be smaller than the rounding. */
    @Override
    public MatrixFormat tuned() {
      return FloatMatrix.FLOAT32;
    }

    @Override
    public int arrays() {
      return SUMS + 1;
    }

    @Override
    public long bytes(Shape shape) {
      return shape.size() + shape.get(0) * Float.BYTES;
    }

    @Override
    public Matrix empty(String name, Shape shape, NDManager manager) {
      return of(NativeTensor.empty(manager, StorageType.I8, shape), name, manager);
    }

    @Override
    public Matrix staged(String name, Shape shape, NDManager manager, Staging staging) {
      return Int8Kernels.packs(manager)
          ? of(staging.integers(shape), name, manager)
          : empty(name, shape, manager);
    }

    private static Matrix of(NDArray integers, String name, NDManager manager) {
      Shape shape = integers.getShape();
      return new Int8Matrix(
          name,
          shape,
          List.of(
              integers,
              NativeTensor.empty(manager, StorageType.F32, new Shape(shape.get(0))),
              Int8Kernels.parts(manager),
              Int8Kernels.zeros(manager),
              Int8Kernels.noSums(manager)),
          null);
    }

    @Override
    public void addKernels(Kernels.Builder kernels, boolean oneDnn) {
      Int8Matrix.addKernels(kernels, oneDnn, Int8Kernels.NO_FOUR_BITS);
    }
  }

  /** Adds the kernels of this format and of matrices of 4 bits in a layout. */
  static void addKernels(Kernels.Builder kernels, boolean oneDnn, Int4Layout layout) {
    String products = oneDnn ? "product_onednn.torchscript" : "product.torchscript";
    boolean integers = oneDnn && Int8Kernels.multiplies();
    layout
        .define(kernels)
        .sources(Int8Matrix.class, products, "product.torchscript")
        .sources(
            Int8Matrix.class,
            integers ? "linear_int8.torchscript" : "linear.torchscript",
            "linear.torchscript")
        .source(Int8Matrix.class, "int8.torchscript")
        .source(Int8Matrix.class, "int4.torchscript")
        .source(Int8Matrix.class, "matrix_int8.torchscript")
        .constant("SCALES", 1)
        .constant("PARTS", 2)
        .constant("ZEROS", 3)
        .constant("SUMS", SUMS);
    if (integers) {
      Int8Kernels.pieces().define(kernels);
    }
  }
}
