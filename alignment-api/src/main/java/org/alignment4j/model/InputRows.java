package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Input embeddings of a view beside those of the vocabulary.
 *
 * @param array [n + N, D]: n before every sequence, N that the caller's negative ids stand for; or
 *     null if there are none
 * @param prefix n
 */
record InputRows(@Nullable NDArray array, int prefix) {
  static final InputRows NONE = new InputRows(null, 0);

  boolean any() {
    return array != null;
  }

  /** N, the rows that ids of the caller's stand for. */
  int given() {
    return array == null ? 0 : (int) array.getShape().get(0) - prefix;
  }

  /** With a soft prompt's rows behind those that stand before every sequence already. */
  InputRows withPrefix(float[] values, int tokens, int width, NDManager manager) {
    require(given() == 0, "put a soft prompt before a sequence first, then give embeddings");
    return with(values, tokens, width, prefix + tokens, manager);
  }

  /** With rows that the ids -1 to -N stand for. */
  InputRows withGiven(float[][] rows, int width, NDManager manager) {
    float[] flat = new float[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * width, width);
    }
    return with(flat, rows.length, width, prefix, manager);
  }

  private InputRows with(float[] values, int rows, int width, int newPrefix, NDManager manager) {
    NDArray own = manager.create(values, new Shape(rows, width));
    NDArray all = array == null ? own : array.concat(own, 0);
    all.attach(manager);
    return new InputRows(all, newPrefix);
  }

  /** Sequences as they run: with the prefix before them, and the caller's ids behind it. */
  List<int[]> prepared(List<int[]> sequences) {
    if (prefix == 0) {
      return sequences;
    }
    List<int[]> longer = new ArrayList<>(sequences.size());
    for (int[] s : sequences) {
      int[] all = new int[prefix + s.length];
      for (int i = 0; i < prefix; i++) {
        all[i] = -1 - i;
      }
      for (int i = 0; i < s.length; i++) {
        all[prefix + i] = s[i] < 0 ? s[i] - prefix : s[i];
      }
      longer.add(all);
    }
    return longer;
  }
}
