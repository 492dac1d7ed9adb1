package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.core.OutOfMemoryException;

/** What generation and scoring remember of the tokens before. */
final class KeyValueCache {
  private KeyValueCache() {}

  /** Keys and values [B, K, S, E] per block; the system commits memory as they fill. */
  static List<NDArray> allocate(Decoder decoder, NDManager scope, int size, int places) {
    ModelConfig c = decoder.config();
    Shape shape = new Shape(size, c.kvHeads(), places, c.headSize());
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
