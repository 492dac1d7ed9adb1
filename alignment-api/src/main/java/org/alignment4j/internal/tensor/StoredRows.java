package org.alignment4j.internal.tensor;

import java.nio.FloatBuffer;

/**
 * A weight's elements as GGUF stores them: with rows in the order of an interleaved rotation, or
 * one added. Reads the weight in order, a head at a time; not thread-safe.
 */
final class StoredRows implements TensorSource.Filler {
  private final Checkpoint weights;
  private final String name;
  private final boolean addsOne;
  private final int columns;
  private final int headSize;
  private final float[] rows;

  /** The row of a head that GGUF keeps at each row. */
  private final int[] order;

  private long head = -1;

  /**
   * @param headSize rows of a head if they are in another order, else 0
   */
  StoredRows(Checkpoint weights, String name, int headSize, boolean addsOne) {
    long[] shape = weights.info(name).shape();
    this.weights = weights;
    this.name = name;
    this.addsOne = addsOne;
    this.columns = shape.length == 2 ? Math.toIntExact(shape[1]) : 1;
    this.headSize = headSize;
    this.rows = new float[Math.multiplyExact(headSize, columns)];
    this.order = new int[headSize];
    for (int row = 0; row < headSize; row++) {
      order[GgufArchitecture.interleavedRow(row, headSize)] = row;
    }
  }

  @Override
  public void fill(long firstElement, FloatBuffer into) {
    if (headSize == 0) {
      int start = into.position();
      weights.read(name, firstElement, into);
      for (int i = start; addsOne && i < into.position(); i++) {
        into.put(i, into.get(i) + 1);
      }
      return;
    }
    for (long at = firstElement; into.hasRemaining(); ) {
      long wanted = at / rows.length;
      if (wanted != head) {
        weights.read(name, wanted * rows.length, FloatBuffer.wrap(rows));
        head = wanted;
      }
      int inHead = (int) (at % rows.length);
      int column = inHead % columns;
      int n = Math.min(columns - column, into.remaining());
      into.put(rows, order[inHead / columns] * columns + column, n);
      at += n;
    }
  }
}
