package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.alignment4j.internal.tensor.DirectMemory;
import org.alignment4j.internal.tensor.NativeTensor;

/**
 * Quantises rows as they are read, on several threads, while they are still in a core's cache; the
 * result is that of {@code quantise} in int8.torchscript, bit for bit.
 */
final class Int8Rows {
  /** Elements in memory at a time: 16 MiB as integers. */
  private static final int BATCH = 1 << 24;

  /** Elements that a thread reads at a time. */
  private static final int SLICE = 1 << 17;

  private static final int MAGNITUDE = 0x7fff_ffff;
  private static final int INFINITE = 0x7f80_0000;

  /** 1.5 * 2^23: added to a small float, it leaves the nearest integer in the lowest bits. */
  static final float TO_INTEGER = 12_582_912f;

  private Int8Rows() {}

  /**
   * Sets rows.
   *
   * @param arrays integers [out, in], not packed, and scales [out]
   * @param first index of the first row
   * @param count number of elements, whole rows
   * @param source of the elements; called on several threads
   * @return whether all are finite
   */
  static boolean fill(List<NDArray> arrays, long first, long count, NativeTensor.Source source) {
    int columns = Math.toIntExact(arrays.get(0).getShape().get(1));
    long rows = count / columns;
    int most = (int) Math.min(rows, Math.max(1, BATCH / columns));
    ByteBuffer integers = DirectMemory.reused(Math.multiplyExact(most, columns), "rows");
    float[] scales = new float[most];
    int each = Math.max(1, SLICE / columns);
    ThreadLocal<float[]> reused = ThreadLocal.withInitial(() -> new float[each * columns]);
    boolean finite = true;
    for (long done = 0; done < rows; done += most) {
      int n = (int) Math.min(most, rows - done);
      long start = done;
      finite &=
          IntStream.range(0, (n + each - 1) / each)
              .parallel()
              .mapToObj(
                  i -> {
                    int from = i * each;
                    int some = Math.min(each, n - from);
                    float[] values = reused.get();
                    source.read(
                        (start + from) * columns, FloatBuffer.wrap(values, 0, some * columns));
                    return quantise(values, some, columns, integers, scales, from);
                  })
              .reduce(true, Boolean::logicalAnd);
      place(arrays, integers.slice(0, n * columns), scales, first + done, n);
    }
    return finite;
  }

  private static void place(
      List<NDArray> arrays, ByteBuffer integers, float[] scales, long first, int n) {
    try (NDManager scope = arrays.get(0).getManager().newSubManager()) {
      long columns = arrays.get(0).getShape().get(1);
      NDArray q = scope.create(integers, new Shape(n, columns), DataType.INT8);
      NDArray s = scope.create(FloatBuffer.wrap(scales, 0, n), new Shape(n), DataType.FLOAT32);
      Int8Kernels.place(arrays, q, s, first, scope);
    }
  }

  /**
   * Quantises rows into their place and returns whether all are finite. The values are overwritten.
   */
  private static boolean quantise(
      float[] values, int rows, int columns, ByteBuffer integers, float[] scales, int first) {
    byte[] row = new byte[columns];
    boolean finite = true;
    for (int at = 0, r = first; r < first + rows; at += columns, r++) {
      int largest = largest(values, at, columns);
      finite &= largest < INFINITE;
      float scale = Float.intBitsToFloat(largest) / 127f;
      scales[r] = scale;
      round(values, at, scale == 0 ? 1 : scale, row);
      integers.put(r * columns, row);
    }
    return finite;
  }

  /** The bits of the largest magnitude, which order as the magnitudes do, NaN last. */
  private static int largest(float[] values, int at, int columns) {
    int a = 0;
    int b = 0;
    int c = 0;
    int d = 0;
    int end = at + columns;
    int i = at;
    // Four at a time, so that one comparison need not wait for the one before.
    for (; i + 3 < end; i += 4) {
      a = Math.max(a, Float.floatToRawIntBits(values[i]) & MAGNITUDE);
      b = Math.max(b, Float.floatToRawIntBits(values[i + 1]) & MAGNITUDE);
      c = Math.max(c, Float.floatToRawIntBits(values[i + 2]) & MAGNITUDE);
      d = Math.max(d, Float.floatToRawIntBits(values[i + 3]) & MAGNITUDE);
    }
    for (; i < end; i++) {
      a = Math.max(a, Float.floatToRawIntBits(values[i]) & MAGNITUDE);
    }
    return Math.max(Math.max(a, b), Math.max(c, d));
  }

  private static void round(float[] values, int at, float scale, byte[] row) {
    if (scale < Float.MIN_NORMAL) {
      // Such a scale has few bits: a quotient may then exceed 127.
      for (int i = 0; i < row.length; i++) {
        row[i] = (byte) Math.max(-127, Math.min(127, Math.rint(values[at + i] / scale)));
      }
      return;
    }
    // By itself, since the compiler has vector instructions for this loop only.
    for (int i = at; i < at + row.length; i++) {
      values[i] = values[i] / scale + TO_INTEGER;
    }
    for (int i = 0; i < row.length; i++) {
      row[i] = (byte) Float.floatToRawIntBits(values[at + i]);
    }
  }
}
