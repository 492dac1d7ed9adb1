package org.alignment4j.model;

import ai.djl.ndarray.NDManager;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import org.alignment4j.internal.tensor.BlockWeight;

/**
 * One block's weights.
 *
 * @param own the weights that the family has
 * @param changes low-rank changes of matrices
 */
record ModelBlock(Map<BlockWeight, Matrix> own, Map<BlockWeight, LowRank.Pair> changes) {
  ModelBlock {
    own = copy(own);
    changes = copy(changes);
  }

  /** A block without low-rank changes. */
  ModelBlock(Map<BlockWeight, Matrix> own) {
    this(own, Map.of());
  }

  private static <V> Map<BlockWeight, V> copy(Map<BlockWeight, V> map) {
    Map<BlockWeight, V> copy = new EnumMap<>(BlockWeight.class);
    copy.putAll(map);
    return Collections.unmodifiableMap(copy);
  }

  /** Returns a weight that the family has. */
  Matrix get(BlockWeight weight) {
    Matrix matrix = own.get(weight);
    if (matrix == null) {
      throw new IllegalStateException("this family's blocks have no " + weight);
    }
    return matrix;
  }

  ModelBlock with(BlockWeight weight, Matrix matrix) {
    return new ModelBlock(put(own, weight, matrix), changes);
  }

  ModelBlock with(BlockWeight weight, LowRank.Pair change) {
    return new ModelBlock(own, put(changes, weight, change));
  }

  private static <V> Map<BlockWeight, V> put(Map<BlockWeight, V> map, BlockWeight weight, V value) {
    Map<BlockWeight, V> copy = new EnumMap<>(BlockWeight.class);
    copy.putAll(map);
    copy.put(weight, value);
    return copy;
  }

  /** Float32 copies of all weights, in {@code manager}, for training. */
  ModelBlock trainable(NDManager manager) {
    Map<BlockWeight, Matrix> copies = new EnumMap<>(BlockWeight.class);
    own.forEach((w, m) -> copies.put(w, m.trainable(manager)));
    return new ModelBlock(copies);
  }
}
