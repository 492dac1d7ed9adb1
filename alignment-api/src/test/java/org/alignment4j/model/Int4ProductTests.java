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
import org.alignment4j.internal.tensor.GgufGroups;
import org.alignment4j.internal.tensor.NativeTensor;
import org.alignment4j.internal.tensor.StorageType;

/** Products with matrices of 4-bit integers, against float64 sums over what plain Java rounds. */
class Int4ProductTests {
  /** Half a step of a bfloat16 number, relative. */
  private static final double HALF_STEP = 1.0 / 256 / 2;

  private static NDManager manager;
  private static DecoderKernels kernels;

  @BeforeContainer
  static void compile() {
    DjlDefaults.apply();
    manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
    kernels = new DecoderKernels(TinyModels.config(Family.LLAMA, 1, true), Precision.INT4, manager);
  }

  /** Whether this processor has no products of 4 bits, so that there is nothing to test. */
  private static boolean absent() {
    return !Int4Kernels.fits(new Shape(64, 32));
  }

  @AfterContainer
  static void close() {
    kernels.close();
    manager.close();
  }

  private static NativeTensor.Source plain(float[] values) {
    return (at, into) -> into.put(values, (int) at, into.remaining());
  }

  /** What is stored in 4 bits: each 32 elements at offset + scale * q. */
  private static NativeTensor.Source grouped(float[] scales, float[] offsets, byte[] integers) {
    return new NativeTensor.Source() {
      @Override
      public void read(long first, FloatBuffer into) {
        throw new AssertionError("they need no rounding");
      }

      @Override
      public boolean groups(long first, GgufGroups into) {
        int group = (int) first / 32;
        System.arraycopy(scales, group, into.scales(), 0, into.count());
        System.arraycopy(offsets, group, into.offsets(), 0, into.count());
        System.arraycopy(integers, (int) first, into.integers(), 0, 32 * into.count());
        return true;
      }
    };
  }

  private static Int4Matrix matrix(int outputs, int columns, NDManager scope, float[] values) {
    Matrix m = Int4Matrix.FORMAT.empty("m", new Shape(outputs, columns), scope);
    assertTrue(m.fill(0, values.length, plain(values)));
    return (Int4Matrix) m;
  }

  private static float[] product(
      Matrix matrix, float[] x, int columns, boolean train, NDManager scope) {
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

  /** The integers of a file stay as they are; scales and offsets are rounded to bfloat16. */
  @Property(tries = 40)
  void theIntegersOfAFileAreKept(
      @ForAll @IntRange(min = 1, max = 3) int blocks,
      @ForAll @IntRange(min = 1, max = 9) int groups,
      @ForAll long seed) {
    if (absent()) {
      return;
    }
    Random random = new Random(seed);
    int columns = 32 * groups;
    byte[] integers = new byte[64 * blocks * columns];
    float[] scales = normal(random, integers.length / 32); // of either sign, as in Q4_0
    float[] offsets = new float[scales.length];
    float[] wanted = new float[integers.length];
    for (int g = 0; g < scales.length; g++) {
      scales[g] *= random.nextInt(9) == 0 ? 0 : 0.01f;
      offsets[g] = (-8 + random.nextInt(5)) * scales[g] + (random.nextBoolean() ? 0 : 0.001f);
      float s = StorageType.BF16.rounded(scales[g]);
      float z = StorageType.BF16.rounded(offsets[g] + 8 * scales[g]);
      for (int i = 32 * g; i < 32 * g + 32; i++) {
        integers[i] = (byte) random.nextInt(16);
        wanted[i] = s * (integers[i] - 8) + z;
      }
    }
    try (NDManager scope = manager.newSubManager()) {
      Matrix m = Int4Matrix.FORMAT.empty("m", new Shape(64L * blocks, columns), scope);
      int half = 64 * (blocks / 2) * columns; // in two parts, as queries and keys are
      NativeTensor.Source source = grouped(scales, offsets, integers);
      NativeTensor.Source rest =
          grouped(
              Arrays.copyOfRange(scales, half / 32, scales.length),
              Arrays.copyOfRange(offsets, half / 32, scales.length),
              Arrays.copyOfRange(integers, half, integers.length));
      assertTrue(m.fill(0, half, source));
      assertTrue(m.fill(half, integers.length - half, rest));
      assertArrayEquals(wanted, m.floats(), 1e-7f);
      assertArrayEquals(m.floats(), m.widened(scope).floats());
      int from = random.nextInt(wanted.length);
      float[] part = new float[random.nextInt(wanted.length - from) + 1];
      m.read(from, FloatBuffer.wrap(part));
      assertArrayEquals(Arrays.copyOfRange(m.floats(), from, from + part.length), part);
    }
  }

  /** Plain numbers are rounded to the nearest of 16 points between a group's least and largest. */
  @Property(tries = 30)
  void plainNumbersAreWithinHalfAStep(
      @ForAll @IntRange(min = 1, max = 5) int groups, @ForAll long seed) {
    if (absent()) {
      return;
    }
    Random random = new Random(seed);
    float[] values = normal(random, 64 * 32 * groups);
    try (NDManager scope = manager.newSubManager()) {
      float[] found = matrix(64, 32 * groups, scope, values).floats();
      for (int g = 0; g < values.length; g += 32) {
        float least = Float.POSITIVE_INFINITY;
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = g; i < g + 32; i++) {
          least = Math.min(least, values[i]);
          largest = Math.max(largest, values[i]);
        }
        double allowed =
            (largest - least) / 30 + 9 * HALF_STEP * Math.max(Math.abs(least), Math.abs(largest));
        for (int i = g; i < g + 32; i++) {
          assertEquals(values[i], found[i], allowed);
        }
      }
    }
  }

  /** The largest magnitude of a group. */
  private static double largest(float[] w, int group) {
    double largest = 0;
    for (int i = group; i < group + 32; i++) {
      largest = Math.max(largest, Math.abs(w[i]));
    }
    return largest;
  }

  @Property(tries = 60)
  void productsAreThoseOfBfloat16Rows(
      @ForAll @IntRange(min = 1, max = 200) int rows,
      @ForAll @IntRange(min = 1, max = 9) int groups,
      @ForAll @IntRange(min = 1, max = 3) int blocks,
      @ForAll boolean train,
      @ForAll long seed) {
    if (absent()) {
      return;
    }
    Random random = new Random(seed);
    int columns = 32 * groups;
    int outputs = 64 * blocks;
    float[] x = normal(random, rows * columns);
    try (NDManager scope = manager.newSubManager()) {
      Int4Matrix matrix = matrix(outputs, columns, scope, normal(random, outputs * columns));
      float[] w = matrix.floats();
      float[] y = product(matrix, x, columns, train, scope);
      for (int r = 0; r < rows; r += 1 + random.nextInt(20)) {
        for (int o = 0; o < outputs; o++) {
          double wanted = 0;
          double terms = 0;
          double widened = 0;
          for (int k = 0; k < columns; k++) {
            double term = (double) x[r * columns + k] * w[o * columns + k];
            wanted += term;
            terms += term * term;
            double most = x[r * columns + k] * largest(w, o * columns + k / 32 * 32);
            widened += most * most;
          }
          // In bfloat16, s (q - 8) is rounded before z is added: then the error of a weight near 0
          // is that of its group's largest.
          Int4Layout layout = Int4Kernels.layout();
          boolean wide = rows >= layout.wideRows();
          boolean exact = train || wide && layout.wideBytes() == 4;
          if (wide && !exact) {
            terms += widened;
          }
          // Five deviations of rounded inputs and weights, and the rounded output.
          double allowed =
              exact
                  ? 1e-5 * Math.sqrt(terms)
                  : 5 * HALF_STEP * Math.sqrt(terms) + 2 * HALF_STEP * Math.abs(wanted);
          assertEquals(wanted, y[r * outputs + o], allowed, "row " + r + ", output " + o);
        }
      }
    }
  }

  @Property(tries = 20)
  void aRowsResultIsTheSameBitForBitAmongFewRows(
      @ForAll @IntRange(min = 2, max = 79) int rows,
      @ForAll @IntRange(min = 1, max = 5) int groups,
      @ForAll long seed) {
    if (absent()) {
      return;
    }
    Random random = new Random(seed);
    int columns = 32 * groups;
    float[] x = normal(random, rows * columns);
    try (NDManager scope = manager.newSubManager()) {
      Int4Matrix matrix = matrix(128, columns, scope, normal(random, 128 * columns));
      float[] all = product(matrix, x, columns, false, scope);
      int r = random.nextInt(rows);
      float[] own = Arrays.copyOfRange(x, r * columns, (r + 1) * columns);
      assertArrayEquals(
          Arrays.copyOfRange(all, r * 128, (r + 1) * 128),
          product(matrix, own, columns, false, scope));
    }
  }

  @Property(tries = 8)
  void whatIsNotFiniteStaysInItsRow(
      @ForAll @IntRange(min = 4, max = 100) int rows, @ForAll long seed) {
    if (absent()) {
      return;
    }
    Random random = new Random(seed);
    float[] x = normal(random, rows * 64);
    x[random.nextInt(64)] = Float.NaN;
    x[2 * 64 + random.nextInt(64)] = Float.NEGATIVE_INFINITY;
    try (NDManager scope = manager.newSubManager()) {
      float[] y = product(matrix(64, 64, scope, normal(random, 64 * 64)), x, 64, false, scope);
      for (int i = 0; i < y.length; i++) {
        assertEquals(i / 64 != 0 && i / 64 != 2, Float.isFinite(y[i]), "output " + i);
      }
    }
  }

  @Property(tries = 5)
  void aWeightThatIsNotFiniteIsReported(@ForAll @IntRange(min = 0, max = 2047) int at) {
    if (absent()) {
      return;
    }
    for (float bad : List.of(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY)) {
      float[] values = new float[64 * 32];
      values[at] = bad;
      try (NDManager scope = manager.newSubManager()) {
        Matrix matrix = Int4Matrix.FORMAT.empty("m", new Shape(64, 32), scope);
        assertFalse(matrix.fill(0, values.length, plain(values)));
      }
    }
  }

  @Property(tries = 5)
  void largeAndSmallNumbersAreKept(@ForAll long seed) {
    if (absent()) {
      return;
    }
    Random random = new Random(seed);
    float[] values = normal(random, 64 * 64);
    for (int i = 0; i < values.length; i++) {
      values[i] *= i < 32 * 64 ? 5e37f : 1e-36f;
    }
    try (NDManager scope = manager.newSubManager()) {
      float[] found = matrix(64, 64, scope, values).floats();
      for (int i = 0; i < values.length; i++) {
        assertEquals(values[i], found[i], i < 32 * 64 ? 1.5e37f : 3e-37f);
      }
    }
  }
}
