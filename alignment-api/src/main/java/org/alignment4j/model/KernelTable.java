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
 * The layout of the list of weights that kernels read: for each block the arrays of every {@link
 * BlockWeight}, then A and B of a low-rank change of each matrix; after all blocks the model's
 * embeddings, final norm and output matrix. Kernel sources use the constants made here as indices.
 */
final class KernelTable {
  private final MatrixFormat format;

  /** Index of each name within a block. */
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

  /** Number of arrays per block. */
  int stride() {
    return stride;
  }

  /** Number of arrays for embeddings, final norm and output matrix. */
  int ends() {
    return 2 * format.arrays() + 1;
  }

  /**
   * The constants of the kernel sources: indices within a block, arrays per block, and indices of
   * embeddings, final norm and output matrix from the end of the list.
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
   * @param none [0], represents absent weights
   */
  List<NDArray> layout(
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

  /** The arrays of a single matrix, padded to the number of its format. */
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
