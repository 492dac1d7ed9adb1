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
import org.alignment4j.internal.tensor.StorageType;

/**
 * Writes rows as an {@link Int4Matrix} has them, as they are read, on several threads. Where the
 * source knows no scales, those of 16 points from the least to the largest of 32 elements are
 * taken, as GGUF's Q4_1 does.
 */
final class Int4Rows {
  /** Elements in memory at a time. */
  private static final int BATCH = 1 << 24;

  private static final int GROUP = Int4Kernels.GROUP;

  /** The integer at which a value is its group's offset. */
  private static final int MIDDLE = 8;

  private static final int LARGEST = 15;

  private final int columns;
  private final int groups;
  private final int rows;
  private final int blockRows;
  private final ByteBuffer integers;

  /** [groups, rows, 2]. */
  private final float[] scales;

  private Int4Rows(int columns, int rows) {
    this.columns = columns;
    this.groups = columns / GROUP;
    this.rows = rows;
    this.blockRows = Int4Kernels.layout().blockRows();
    this.integers = DirectMemory.reused(Math.multiplyExact(rows, columns / 2), "rows");
    this.scales = new float[2 * groups * rows];
  }

  /**
   * Sets rows.
   *
   * @param arrays integers and scales of an {@link Int4Matrix}
   * @param first index of the first row, which begins a block
   * @param count number of elements, whole blocks
   * @param source of the elements; called on several threads
   * @return whether all are finite
   */
  static boolean fill(List<NDArray> arrays, long first, long count, NativeTensor.Source source) {
    int columns = Math.toIntExact(2 * arrays.get(0).getShape().get(1));
    int blockRows = Int4Kernels.layout().blockRows();
    long rows = count / columns;
    int most = Math.max(1, BATCH / columns / blockRows) * blockRows;
    boolean finite = true;
    for (long done = 0; done < rows; done += most) {
      Int4Rows batch = new Int4Rows(columns, (int) Math.min(most, rows - done));
      finite &= batch.read(done, source);
      batch.place(arrays, first + done);
    }
    return finite;
  }

  private boolean read(long first, NativeTensor.Source source) {
    return IntStream.range(0, rows / blockRows)
        .parallel()
        .mapToObj(block -> readBlock(block, first + (long) block * blockRows, source))
        .reduce(true, Boolean::logicalAnd);
  }

  private boolean readBlock(int block, long firstRow, NativeTensor.Source source) {
    float[] values = new float[blockRows * columns];
    float[] blockScales = new float[blockRows * groups];
    float[] offsets = new float[blockRows * groups];
    source.read(firstRow * columns, FloatBuffer.wrap(values));
    if (!source.groups(firstRow * columns, blockScales, offsets)) {
      for (int g = 0; g < blockScales.length; g++) {
        span(values, g, blockScales, offsets);
      }
    }
    byte[] packed = new byte[blockRows * columns / 2];
    boolean finite = true;
    for (int row = 0; row < blockRows; row++) {
      for (int g = 0; g < groups; g++) {
        int at = row * groups + g;
        float scale = StorageType.BF16.rounded(blockScales[at]);
        float offset = StorageType.BF16.rounded(offsets[at] + MIDDLE * blockScales[at]);
        int to = 2 * (g * rows + block * blockRows + row);
        scales[to] = scale;
        scales[to + 1] = offset;
        finite &= Float.isFinite(scale) && Float.isFinite(offset);
        finite &= pack(values, at * GROUP, scale, offset, packed, g * GROUP, row);
      }
    }
    integers.put(block * packed.length, packed);
    return finite;
  }

  /** The 16 points that reach from the least to the largest element of a group. */
  private static void span(float[] values, int group, float[] scales, float[] offsets) {
    float least = values[group * GROUP];
    float largest = least;
    for (int i = group * GROUP; i < (group + 1) * GROUP; i++) {
      least = Math.min(least, values[i]);
      largest = Math.max(largest, values[i]);
    }
    // Halves, since the difference of two large numbers may be infinite.
    scales[group] = 2 * ((largest / 2 - least / 2) / LARGEST);
    offsets[group] = least;
  }

  /** Rounds a group into a block's bytes and returns whether all its values are finite. */
  private boolean pack(
      float[] values, int from, float scale, float offset, byte[] packed, int column, int row) {
    int half = blockRows / 2;
    int shift = row < half ? 0 : 4;
    int at = column * half + row % half;
    boolean finite = true;
    for (int i = 0; i < GROUP; i++) {
      float value = values[from + i];
      finite &= Float.isFinite(value);
      int q = scale == 0 ? MIDDLE : MIDDLE + Math.round((value - offset) / scale);
      packed[at] |= (byte) (Math.max(0, Math.min(LARGEST, q)) << shift);
      at += half;
    }
    return finite;
  }

  private void place(List<NDArray> arrays, long first) {
    try (NDManager scope = arrays.get(0).getManager().newSubManager()) {
      Int4Kernels.place(
          arrays,
          scope.create(integers, new Shape(rows, columns / 2), DataType.UINT8),
          scope.create(FloatBuffer.wrap(scales), new Shape(groups, rows, 2), DataType.FLOAT32),
          first,
          scope);
    }
  }
}
