package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.internal.tensor.BlockWeight;
import org.jspecify.annotations.Nullable;

/**
 * Where weights stand in the list that kernels read: for each block the arrays of every {@link
 * BlockWeight}, then A and B of a low-rank change of each matrix; behind all blocks the ends of the
 * model. Kernels' text names positions by constants that are made here.
 */
final class KernelTable {
  private final MatrixFormat format;

  /** Position of each name in a block. */
  private final Map<String, Integer> inBlock = new LinkedHashMap<>();

  private final int stride;

  KernelTable(MatrixFormat format) {
    this.format = format;
    int at = 0;
    for (BlockWeight w : BlockWeight.values()) {
      inBlock.put(w.name(), at);
      at += arrays(w);
    }
    for (BlockWeight w : BlockWeight.values()) {
      if (w.isMatrix()) {
        inBlock.put(w.name() + "_A", at++);
        inBlock.put(w.name() + "_B", at++);
      }
    }
    this.stride = at;
  }

  private int arrays(BlockWeight w) {
    return w.isMatrix() ? format.arrays() : 1;
  }

  /** Arrays of one block. */
  int stride() {
    return stride;
  }

  /** Arrays of the ends. */
  int ends() {
    return 2 * format.arrays() + 1;
  }

  /**
   * Numbers by the names that kernels' text gives them: positions in a block, arrays of a block,
   * and positions of the ends, counted from the list's end.
   */
  Map<String, Integer> constants() {
    Map<String, Integer> all = new LinkedHashMap<>(inBlock);
    all.put("STRIDE", stride);
    all.put("EMBEDDINGS", -ends());
    all.put("FINAL_NORM", -format.arrays() - 1);
    all.put("OUTPUT", -format.arrays());
    return all;
  }

  /**
   * The arrays of all weights.
   *
   * @param none [0], stands for what there is not
   */
  List<NDArray> lay(
      Matrix embeddings, List<ModelBlock> blocks, Matrix finalNorm, Matrix output, NDArray none) {
    List<NDArray> all = new ArrayList<>(stride * blocks.size() + ends());
    for (ModelBlock block : blocks) {
      for (BlockWeight w : BlockWeight.values()) {
        all.addAll(padded(block.own().get(w), arrays(w), none));
      }
      for (BlockWeight w : BlockWeight.values()) {
        if (w.isMatrix()) {
          LowRank.Pair change = block.changes().get(w);
          all.add(change == null ? none : change.a());
          all.add(change == null ? none : change.b());
        }
      }
    }
    all.addAll(padded(embeddings, none));
    all.addAll(padded(finalNorm, 1, none));
    all.addAll(padded(output, none));
    return Collections.unmodifiableList(all);
  }

  /** The arrays of a matrix alone, as many as the form has. */
  List<NDArray> padded(Matrix matrix, NDArray none) {
    return padded(matrix, format.arrays(), none);
  }

  private static List<NDArray> padded(@Nullable Matrix matrix, int count, NDArray none) {
    List<NDArray> arrays = matrix == null ? List.of() : matrix.arrays();
    List<NDArray> all = new ArrayList<>(arrays);
    all.addAll(Collections.nCopies(count - arrays.size(), none));
    return all;
  }
}
