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
import org.alignment4j.internal.tensor.GgufGroups;
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

  private static final float LARGEST = 15;

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
    GgufGroups read = GgufGroups.of(blockRows * groups);
    if (!source.groups(firstRow * columns, read)) {
      float[] values = new float[blockRows * columns];
      source.read(firstRow * columns, FloatBuffer.wrap(values));
      for (int g = 0; g < read.count(); g++) {
        round(values, g, read);
      }
    }
    boolean finite = true;
    for (int row = 0; row < blockRows; row++) {
      for (int g = 0; g < groups; g++) {
        float scale = read.scales()[row * groups + g];
        float middle = read.offsets()[row * groups + g] + MIDDLE * scale;
        int to = 2 * (g * rows + block * blockRows + row);
        scales[to] = StorageType.BF16.rounded(scale);
        scales[to + 1] = StorageType.BF16.rounded(middle);
        finite &= Float.isFinite(scales[to]) && Float.isFinite(scales[to + 1]);
      }
    }
    byte[] packed = packed(read.integers());
    integers.put(block * packed.length, packed);
    return finite;
  }

  /**
   * Rounds a group to 16 points from its least to its largest element, where the kernels will see
   * them. What is not finite makes the scale or the offset so.
   */
  private static void round(float[] values, int group, GgufGroups into) {
    int at = group * GROUP;
    float least = values[at];
    float largest = least;
    for (int i = at; i < at + GROUP; i++) {
      least = Math.min(least, values[i]);
      largest = Math.max(largest, values[i]);
    }
    // Halves, since the difference of two large numbers may be infinite.
    float scale = StorageType.BF16.rounded(2 * ((largest / 2 - least / 2) / LARGEST));
    float middle = StorageType.BF16.rounded(least + MIDDLE * scale);
    into.scales()[group] = scale;
    into.offsets()[group] = middle - MIDDLE * scale;
    for (int i = at; i < at + GROUP; i++) {
      float q = scale == 0 ? MIDDLE : (values[i] - middle) / scale + MIDDLE;
      float inRange = Math.max(0, Math.min(LARGEST, q));
      into.integers()[i] = (byte) Float.floatToRawIntBits(inRange + Int8Rows.TO_INTEGER);
    }
  }

  /** A block's integers in the engine's layout. */
  private byte[] packed(byte[] rounded) {
    byte[] packed = new byte[rounded.length / 2];
    int half = blockRows / 2;
    int between = half * columns;
    int to = 0;
    // One cache line of every row serves 64 columns.
    for (int column = 0; column < columns; column++) {
      for (int at = column; at < between; at += columns) {
        packed[to++] = (byte) (rounded[at] | rounded[at + between] << 4);
      }
    }
    return packed;
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
