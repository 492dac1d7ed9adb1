package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.core.OutOfMemoryException;

/** The keys and values of earlier tokens, for generation and scoring. */
final class KeyValueCache {
  private KeyValueCache() {}

  /** Keys and values [B, K, S, E] per block; the operating system commits memory as they fill. */
  static List<NDArray> allocate(Decoder decoder, NDManager scope, int batch, int positions) {
    ModelConfig c = decoder.config();
    Shape shape = new Shape(batch, c.kvHeads(), positions, c.headSize());
    List<NDArray> cache = new ArrayList<>();
    try {
      for (int i = 0; i < 2 * c.blocks(); i++) {
        cache.add(decoder.cache(scope, shape));
      }
    } catch (OutOfMemoryException e) {
      throw new OutOfMemoryException(
          "no room for " + 2 * c.blocks() + " key and value arrays of shape " + shape, e);
    }
    return cache;
  }
}
