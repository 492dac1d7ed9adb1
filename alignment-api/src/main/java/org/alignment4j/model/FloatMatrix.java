package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.errorprone.annotations.Immutable;
import java.nio.FloatBuffer;
import java.util.List;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.internal.tensor.NativeTensor;
import org.alignment4j.internal.tensor.StorageType;

/** A weight stored as one array of a float type, converted when it is multiplied. */
record FloatMatrix(String name, NDArray array) implements Matrix {
  static final MatrixFormat FLOAT32 = format(StorageType.F32);

  /**
   * @param type F32, F16 or BF16
   */
  static MatrixFormat format(StorageType type) {
    return new Format(type);
  }

  @Override
  public Shape shape() {
    return array.getShape();
  }

  @Override
  public List<NDArray> arrays() {
    return List.of(array);
  }

  @Override
  public FloatMatrix with(List<NDArray> arrays) {
    return new FloatMatrix(name, arrays.get(0));
  }

  @Override
  public boolean fill(long first, long count, NativeTensor.Source source) {
    return NativeTensor.fill(array, first, count, source);
  }

  @Override
  public void read(long first, FloatBuffer into) {
    NativeTensor.read(array, first, into);
  }

  @Override
  public FloatMatrix widened(NDManager manager) {
    return with(NativeTensor.copies(List.of(array), manager));
  }

  @Immutable
  private record Format(StorageType type) implements MatrixFormat {
    @Override
    public MatrixFormat vectors() {
      return this;
    }

    @Override
    public int arrays() {
      return 1;
    }

    @Override
    public long bytes(Shape shape) {
      return shape.size() * type.bytes();
    }

    @Override
    public Matrix empty(String name, Shape shape, NDManager manager) {
      return new FloatMatrix(name, NativeTensor.empty(manager, type, shape));
    }

    @Override
    public void addKernels(Kernels.Builder kernels, boolean oneDnn) {
      String products = oneDnn ? "product_onednn.torchscript" : "product.torchscript";
      kernels
          .sources(FloatMatrix.class, products, "product.torchscript")
          .source(FloatMatrix.class, "linear.torchscript")
          .source(FloatMatrix.class, "matrix_float.torchscript")
          .attribute("convert", type != StorageType.F32);
    }
  }
}
