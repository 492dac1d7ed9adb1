package org.alignment4j.internal.tensor;

/** Finds where the values of each 32 elements of a block lie, in a GGUF type of 4 bits. */
@FunctionalInterface
interface GroupDecoder {
  /**
   * Decodes the scales and offsets of one block; see {@link GgufType#groups}.
   *
   * @param in holds the block from byte {@code at} on
   * @param to index of the block's first group
   */
  void decode(byte[] in, int at, float[] scales, float[] offsets, int to);
}
