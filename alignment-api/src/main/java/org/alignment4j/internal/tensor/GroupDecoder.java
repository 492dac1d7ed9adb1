package org.alignment4j.internal.tensor;

/** Unpacks one block of a GGUF type of 4 bits. */
@FunctionalInterface
interface GroupDecoder {
  /**
   * Unpacks one block.
   *
   * @param in holds the block from byte {@code at} on
   * @param to index of the block's first group
   */
  void decode(byte[] in, int at, GgufGroups out, int to);
}
