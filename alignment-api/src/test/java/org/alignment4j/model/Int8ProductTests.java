package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.alignment4j.internal.host.DjlDefaults;
import org.alignment4j.internal.tensor.Kernels;
import org.junit.jupiter.api.Test;

/** Products with matrices of 8-bit integers, against float64 sums over the same integers. */
class Int8ProductTests {
  /** Of the largest output: 5e-5 with activations of 16 bits. */
  private static double error() {
    return 5e-5 * 32639 / Int8Kernels.pieces().largest();
  }

  private static NDManager manager;
  private static DecoderKernels kernels;

  @BeforeContainer
  static void compile() {
    DjlDefaults.apply();
    manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
    kernels = new DecoderKernels(TinyModels.config(Family.LLAMA, 1, true), Precision.INT8, manager);
  }

  @AfterContainer
  static void close() {
    kernels.close();
    manager.close();
  }

  private static Int8Matrix matrix(float[] values, int columns, boolean packed, NDManager scope) {
    Shape shape = new Shape(values.length / columns, columns);
    Matrix matrix = Int8Matrix.FORMAT.empty("m", shape, scope);
    assertTrue(
        matrix.fill(0, values.length, (at, into) -> into.put(values, (int) at, into.remaining())));
    return (Int8Matrix) (packed ? matrix.packed() : matrix);
  }

  private static float[] product(
      Int8Matrix matrix, float[] x, int columns, boolean train, NDManager scope) {
    NDArray rows = scope.create(x, new Shape(x.length / columns, columns));
    return kernels
        .run(kernels.call("probe", scope).tensor(rows).list(matrix.arrays()), train)
        .get(0)
        .toFloatArray();
  }

  private static float[] normal(Random random, int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Kinds of rows that people's models have, and some that they should not have. */
  private static float[] inputs(Random random, int rows, int columns) {
    float[] x = normal(random, rows * columns);
    for (int r = 0; r < rows; r++) {
      int kind = random.nextInt(6);
      float scale = new float[] {1, 1, 1e-30f, 1e30f, 0, 3e-6f}[kind];
      for (int k = 0; k < columns; k++) {
        x[r * columns + k] *= scale;
      }
      if (kind == 1) {
        x[r * columns + random.nextInt(columns)] *= 300;
      }
    }
    return x;
  }

  @Property(tries = 60)
  void isThatOfItsIntegers(
      @ForAll @IntRange(min = 1, max = 5) int rows,
      @ForAll @IntRange(min = 1, max = 300) int columns,
      @ForAll @IntRange(min = 1, max = 70) int outputs,
      @ForAll boolean packed,
      @ForAll boolean train,
      @ForAll long seed) {
    Random random = new Random(seed);
    float[] x = inputs(random, rows, columns);
    try (NDManager scope = manager.newSubManager()) {
      Int8Matrix matrix = matrix(normal(random, outputs * columns), columns, packed, scope);
      float[] w = matrix.floats();
      float[] y = product(matrix, x, columns, train, scope);
      for (int r = 0; r < rows; r++) {
        double[] wanted = new double[outputs];
        double largest = 0;
        for (int o = 0; o < outputs; o++) {
          for (int k = 0; k < columns; k++) {
            wanted[o] += (double) x[r * columns + k] * w[o * columns + k];
          }
          largest = Math.max(largest, Math.abs(wanted[o]));
        }
        // A sum of one row may cancel out: its terms are then the measure.
        double most = 0;
        for (int k = 0; k < columns; k++) {
          most = Math.max(most, Math.abs(x[r * columns + k]));
        }
        double allowed = error() * Math.max(largest, most * Math.sqrt(columns));
        for (int o = 0; o < outputs; o++) {
          assertEquals(wanted[o], y[r * outputs + o], allowed, "row " + r + ", output " + o);
        }
      }
    }
  }

  /**
   * Saturation was once overlooked: processors without VNNI add neighbouring products in 16 bits.
   */
  @Test
  void ofSevenBitsAreExactOnEveryProcessorAndOfEightWhereTheyAreUsed() {
    try (Kernels seven = Int8Kernels.packing(Int8Pieces.SEVEN_BITS);
        Kernels used = Int8Kernels.packing(Int8Kernels.pieces())) {
      assertEquals(0, Int8Kernels.error(seven));
      assertEquals(0, Int8Kernels.error(used));
    }
  }

  @Property(tries = 30)
  void aRowsResultIsTheSameBitForBitInAnyCompany(
      @ForAll @IntRange(min = 2, max = 40) int rows,
      @ForAll @IntRange(min = 1, max = 200) int columns,
      @ForAll @IntRange(min = 1, max = 130) int outputs,
      @ForAll boolean packed,
      @ForAll long seed) {
    Random random = new Random(seed);
    float[] x = inputs(random, rows, columns);
    try (NDManager scope = manager.newSubManager()) {
      Int8Matrix matrix = matrix(normal(random, outputs * columns), columns, packed, scope);
      float[] all = product(matrix, x, columns, false, scope);
      int r = random.nextInt(rows);
      float[] alone =
          product(
              matrix, Arrays.copyOfRange(x, r * columns, (r + 1) * columns), columns, false, scope);
      assertArrayEquals(Arrays.copyOfRange(all, r * outputs, (r + 1) * outputs), alone);
    }
  }

  @Property(tries = 20)
  void whatIsNotFiniteStaysInItsRow(
      @ForAll @IntRange(min = 1, max = 90) int columns, @ForAll boolean packed, @ForAll long seed) {
    Random random = new Random(seed);
    float[] x = normal(random, 4 * columns);
    x[random.nextInt(columns)] = Float.NaN;
    x[2 * columns + random.nextInt(columns)] = Float.NEGATIVE_INFINITY;
    try (NDManager scope = manager.newSubManager()) {
      Int8Matrix matrix = matrix(normal(random, 33 * columns), columns, packed, scope);
      float[] y = product(matrix, x, columns, false, scope);
      for (int i = 0; i < y.length; i++) {
        assertEquals(i / 33 % 2 == 1, Float.isFinite(y[i]), "output " + i);
      }
    }
  }

  @Property(tries = 40)
  void elementsAreWithinHalfAStepOfWhatTheyWere(
      @ForAll @IntRange(min = 1, max = 40) int rows,
      @ForAll @IntRange(min = 1, max = 60) int columns,
      @ForAll boolean packed,
      @ForAll long seed) {
    Random random = new Random(seed);
    float[] values = inputs(random, rows, columns);
    try (NDManager scope = manager.newSubManager()) {
      Int8Matrix matrix = matrix(values, columns, packed, scope);
      float[] found = matrix.floats();
      assertArrayEquals(found, matrix.widened(scope).floats());
      int from = random.nextInt(found.length);
      float[] part = new float[random.nextInt(found.length - from) + 1];
      matrix.read(from, FloatBuffer.wrap(part));
      assertArrayEquals(Arrays.copyOfRange(found, from, from + part.length), part);
      for (int r = 0; r < rows; r++) {
        float largest = 0;
        for (int k = 0; k < columns; k++) {
          largest = Math.max(largest, Math.abs(values[r * columns + k]));
        }
        for (int k = 0; k < columns; k++) {
          int i = r * columns + k;
          assertEquals(values[i], found[i], largest / 127 * 0.50001);
        }
      }
    }
  }

  /** Numbers below the normal range have few bits; they do no harm to others. */
  @Property(tries = 10)
  void subnormalRows(@ForAll boolean packed, @ForAll long seed) {
    Random random = new Random(seed);
    float[] tiny = normal(random, 8 * 20);
    for (int i = 0; i < tiny.length; i++) {
      tiny[i] *= i < 80 ? 1e-42f : 1e-45f;
    }
    try (NDManager scope = manager.newSubManager()) {
      Int8Matrix matrix = matrix(tiny, 20, packed, scope);
      float[] found = matrix.floats();
      for (int i = 0; i < tiny.length; i++) {
        assertEquals(tiny[i], found[i], 1e-42f);
      }
      for (float f : product(matrix, normal(random, 40), 20, false, scope)) {
        assertEquals(0, f, 1e-40);
      }
      Int8Matrix usual = matrix(normal(random, 8 * 20), 20, packed, scope);
      for (float f : product(usual, tiny, 20, false, scope)) {
        assertEquals(0, f, 1e-40);
      }
    }
  }

  @Property(tries = 5)
  void aWeightThatIsNotFiniteIsReported(@ForAll @IntRange(min = 0, max = 59) int at) {
    for (float bad : List.of(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY)) {
      float[] values = new float[60];
      values[at] = bad;
      try (NDManager scope = manager.newSubManager()) {
        Matrix matrix = Int8Matrix.FORMAT.empty("m", new Shape(6, 10), scope);
        assertFalse(
            matrix.fill(0, 60, (from, into) -> into.put(values, (int) from, into.remaining())));
      }
    }
  }
}
