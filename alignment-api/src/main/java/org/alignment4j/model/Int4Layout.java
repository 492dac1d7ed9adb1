package org.alignment4j.model;

import org.alignment4j.internal.tensor.Kernels;

/**
 * How the engine lays out matrices of 4 bits on a processor, and multiplies with them; see
 * int4.torchscript.
 *
 * @param blockRows rows of a block: 64 with vector instructions of 512 bits, 32 with 256
 * @param wideRows rows of the other operand from which on the matrix is widened first
 */
record Int4Layout(int blockRows, int wideRows) {
  /** Measured: widening takes as long as the engine multiplies 60 to 90 rows. */
  private static final int WIDE = 80;

  static final Int4Layout VECTORS_OF_512_BITS = new Int4Layout(64, WIDE);
  static final Int4Layout VECTORS_OF_256_BITS = new Int4Layout(32, WIDE);

  /** The same without widening, for processors without fast products of bfloat16. */
  Int4Layout neverWidened() {
    return new Int4Layout(blockRows, Integer.MAX_VALUE);
  }

  /** Adds the names that the text of the kernels uses. */
  Kernels.Builder define(Kernels.Builder kernels) {
    return kernels.constant("BLOCK", blockRows).constant("WIDE", wideRows);
  }
}
