package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Input embeddings of a view in addition to those of the vocabulary.
 *
 * @param array [n + N, D]: n rows before every sequence, then N rows for the caller's negative ids;
 *     null if there are none
 * @param prefix n
 */
record InputRows(@Nullable NDArray array, int prefix) {
  static final InputRows NONE = new InputRows(null, 0);

  boolean any() {
    return array != null;
  }

  /** N, the number of rows for the caller's negative ids. */
  int given() {
    return array == null ? 0 : (int) array.getShape().get(0) - prefix;
  }

  /** With a soft prompt's rows appended to the prefix. */
  InputRows withPrefix(float[] values, int tokens, int width, NDManager manager) {
    require(given() == 0, "apply the soft prompt before the input embeddings");
    return with(values, tokens, width, prefix + tokens, manager);
  }

  /** With rows for the ids -1 to -N. */
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

  /** The sequences as they run: the prefix, then the caller's ids. */
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
