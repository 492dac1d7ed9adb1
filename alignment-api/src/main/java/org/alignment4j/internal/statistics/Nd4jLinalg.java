package org.alignment4j.internal.statistics;

import org.alignment4j.core.EngineException;
import org.alignment4j.internal.host.NativeFailure;
import org.alignment4j.internal.host.NativeFolder;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Dense float64 linear algebra for which a native library is worthwhile. ND4J takes about two
 * seconds to load, at the first call here.
 */
public final class Nd4jLinalg {
  static {
    // Before ND4J's first class loads JavaCPP, which reads it once. ND4J's OSHI uses JNA.
    NativeFolder.direct(
        NativeFolder::kept, "org.bytedeco.javacpp.cachedir", "org.bytedeco.javacpp.cacheDir");
    NativeFolder.direct(NativeFolder::ofProcess, "jna.tmpdir");
  }

  private Nd4jLinalg() {}

  /**
   * Eigenvalues in descending order with their unit eigenvectors.
   *
   * @param values [N]
   * @param vectors [N, N], row i belonging to value i
   */
  record Eigen(double[] values, double[][] vectors) {}

  /** rows rows^T [N, N] of {@code rows} [N, D]. */
  public static double[][] gram(double[][] rows) {
    try (INDArray x = array(rows);
        INDArray gram = Nd4j.gemm(x, x, false, true)) {
      return gram.toDoubleMatrix();
    }
  }

  /** left right [N, D] of {@code left} [N, M] and {@code right} [M, D]. */
  static double[][] product(double[][] left, double[][] right) {
    try (INDArray a = array(left);
        INDArray b = array(right);
        INDArray product = Nd4j.gemm(a, b, false, false)) {
      return product.toDoubleMatrix();
    }
  }

  /**
   * All eigenpairs of the symmetric matrix {@code symmetric} [N, N].
   *
   * <p>LAPACK's syev rather than gesvd: on 512 x 512 it takes 0.12 s against 1.6 s.
   */
  static Eigen eigen(double[][] symmetric) {
    int n = symmetric.length;
    try (INDArray input = array(symmetric);
        INDArray vectors = input.dup('f'); // overwritten: column i becomes eigenvector i
        INDArray values = Nd4j.create(DataType.DOUBLE, n)) {
      int info = Nd4j.getBlasWrapper().lapack().syev('V', 'U', vectors, values);
      if (info != 0) {
        throw new EngineException("LAPACK syev failed on a " + n + " x " + n + " matrix: " + info);
      }
      double[] ascending = values.toDoubleVector();
      double[][] columns = vectors.toDoubleMatrix();
      double[] descending = new double[n];
      double[][] rows = new double[n][n];
      for (int i = 0; i < n; i++) {
        descending[i] = ascending[n - 1 - i];
        for (int k = 0; k < n; k++) {
          rows[i][k] = columns[k][n - 1 - i];
        }
      }
      return new Eigen(descending, rows);
    }
  }

  private static INDArray array(double[][] rows) {
    try {
      return Nd4j.createFromArray(rows);
    } catch (LinkageError e) {
      throw new EngineException(
          "ND4J does not load: " + NativeFailure.explain(e, NativeFailure.ADD_RUNTIME), e);
    }
  }
}
