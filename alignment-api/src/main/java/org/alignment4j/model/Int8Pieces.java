package org.alignment4j.model;

import org.alignment4j.internal.tensor.Kernels;

/**
 * How an activation is cut into two pieces for products of 8-bit integers, see
 * linear_int8.torchscript.
 *
 * @param bits of a piece. Processors with instructions for such products (VNNI) sum pieces of 8
 *     bits exactly. Older ones add two neighbouring products in 16 bits, which pieces of 8 overflow
 *     and those of 7 do not: 2 * 127 * 127 is less than 2^15
 */
record Int8Pieces(int bits) {
  static final Int8Pieces EIGHT_BITS = new Int8Pieces(8);
  static final Int8Pieces SEVEN_BITS = new Int8Pieces(7);

  private int base() {
    return 1 << bits;
  }

  private int zero() {
    return base() / 2;
  }

  private int zeros() {
    return zero() * base() + zero();
  }

  /** Largest magnitude of an activation in steps. */
  int largest() {
    return base() * base() - 1 - zeros();
  }

  /** The constants that the products read. */
  float[] constants() {
    return new float[] {1f / largest(), Float.MIN_NORMAL, zeros() + 0.5f};
  }

  /** Adds the names that the text of the products uses. */
  Kernels.Builder define(Kernels.Builder kernels) {
    return kernels
        .constant("BITS", bits)
        .constant("BASE", base())
        .constant("MASK", base() - 1)
        .constant("ZERO", zero());
  }
}
