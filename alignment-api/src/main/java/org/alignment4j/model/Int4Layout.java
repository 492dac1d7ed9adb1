package org.alignment4j.model;

import org.alignment4j.internal.tensor.Kernels;

/**
 * How the engine lays out matrices of 4 bits on a processor, and multiplies with them; see
 * int4.torchscript.
 *
 * @param blockRows rows of a block: 64 with vector instructions of 512 bits, 32 with 256
 * @param wideRows rows of the other operand from which on the matrix is widened first
 * @param wideBytes bytes of a widened number: 2 for bfloat16, 4 for float32
 */
record Int4Layout(int blockRows, int wideRows, int wideBytes) {
  /** Measured: widening takes as long as the engine multiplies 60 to 90 rows. */
  private static final int TO_BFLOAT16 = 80;

  /** The same for float32, with vectors of 256 bits: 100 to 130 rows. */
  private static final int TO_FLOAT32 = 128;

  /** Bytes of a part that is widened at once: it is still in the cache when it is multiplied. */
  private static final int PART = 2 << 20;

  static final Int4Layout VECTORS_OF_512_BITS = new Int4Layout(64, TO_BFLOAT16, 2);
  static final Int4Layout VECTORS_OF_256_BITS = new Int4Layout(32, TO_BFLOAT16, 2);

  /** The same for processors without fast products of bfloat16. */
  Int4Layout widenedToFloat32() {
    return new Int4Layout(blockRows, TO_FLOAT32, 4);
  }

  /** Adds the names that the text of the kernels uses. */
  Kernels.Builder define(Kernels.Builder kernels) {
    return kernels
        .constant("BLOCK", blockRows)
        .constant("WIDE", wideRows)
        .constant("TYPE", wideBytes == 2 ? 15 : 6)
        .constant("PART", PART / wideBytes);
  }
}
