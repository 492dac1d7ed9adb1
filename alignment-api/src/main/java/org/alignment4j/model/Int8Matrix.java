package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.errorprone.annotations.Immutable;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.internal.tensor.NativeTensor;
import org.alignment4j.internal.tensor.StorageType;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A matrix of 8-bit integers with one float32 scale per row, quantised symmetrically: the scale is
 * the row's largest magnitude / 127.
 *
 * @param arrays the integers, [out, in] or packed, the scales [out], and constants of the products
 * @param origin of the unrounded values; null if there is none
 */
record Int8Matrix(String name, Shape shape, List<NDArray> arrays, @Nullable Origin origin)
    implements Matrix {
  static final MatrixFormat FORMAT = new Format();

  private static final Logger LOG = LoggerFactory.getLogger(Int8Matrix.class);

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

  private Int8Matrix withIntegers(NDArray integers) {
    List<NDArray> others = new ArrayList<>(arrays);
    others.set(0, integers);
    return new Int8Matrix(name, shape, List.copyOf(others), origin);
  }

  @Override
  public boolean fill(long first, long count, NativeTensor.Source source) {
    return Int8Rows.fill(arrays, first / columns(), count, source);
  }

  @Override
  public Int8Matrix packed() {
    NDArray integers = arrays.get(0);
    NDArray packed = Int8Kernels.packed(integers, manager());
    if (packed == null) {
      return this;
    }
    integers.close();
    return withIntegers(packed);
  }

  @Override
  public Int8Matrix forProducts() {
    NDArray packed =
        Int8Kernels.multipliesUnpacked() ? null : Int8Kernels.packed(arrays.get(0), manager());
    return packed == null ? this : withIntegers(packed);
  }

  @Override
  public void read(long first, FloatBuffer into) {
    while (into.hasRemaining()) {
      long row = first / columns();
      int before = (int) (first - row * columns());
      // 16 MiB at a time.
      long rows = Math.max(1, (1L << 22) / columns());
      float[] some = Int8Kernels.rows(arrays, row, Math.min(rows, shape.get(0) - row), manager());
      int n = Math.min(into.remaining(), some.length - before);
      into.put(some, before, n);
      first += n;
    }
  }

  @Override
  public FloatMatrix widened(NDManager manager) {
    return new FloatMatrix(name, Int8Kernels.widened(arrays, manager));
  }

  /** The values at the origin, if they are still those that this matrix was made of. */
  @Override
  public @Nullable FloatMatrix unrounded(NDManager manager) {
    if (origin == null) {
      return null;
    }
    FloatMatrix copy = new FloatMatrix(name, NativeTensor.empty(manager, StorageType.F32, shape));
    try {
      origin.fill(copy);
      if (Int8Kernels.roundsTo(arrays, copy.array(), manager)) {
        return copy;
      }
      LOG.warn(
          "{}: the checkpoint has changed since it was loaded: {}",
          name,
          "its rounded values are used");
    } catch (CheckpointException e) {
      LOG.warn("{}: its rounded values are used: {}", name, e.getMessage());
    }
    copy.array().close();
    return null;
  }

  @Immutable
  private record Format() implements MatrixFormat {
    private static final Shape PIECES = new Shape(2, 1, 1);

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
      return 4;
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
      Int8Pieces pieces = Int8Kernels.pieces();
      return new Int8Matrix(
          name,
          shape,
          List.of(
              integers,
              NativeTensor.empty(manager, StorageType.F32, new Shape(shape.get(0))),
              manager.create(pieces.parts(), PIECES),
              manager.create(pieces.zeros(), PIECES)),
          null);
    }

    @Override
    public void addKernels(Kernels.Builder kernels, boolean oneDnn) {
      String products = oneDnn ? "product_onednn.torchscript" : "product.torchscript";
      boolean integers = oneDnn && Int8Kernels.multiplies();
      kernels
          .sources(Int8Matrix.class, products, "product.torchscript")
          .sources(
              Int8Matrix.class,
              integers ? "linear_int8.torchscript" : "linear.torchscript",
              "linear.torchscript")
          .source(Int8Matrix.class, "int8.torchscript")
          .source(Int8Matrix.class, "matrix_int8.torchscript")
          .constant("SCALES", 1)
          .constant("PARTS", 2)
          .constant("ZEROS", 3);
      if (integers) {
        Int8Kernels.pieces().define(kernels).source(Int8Matrix.class, "int8_packing.torchscript");
      }
    }
  }
}
