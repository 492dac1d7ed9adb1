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

  private int offset() {
    return zero() * base() + zero();
  }

  /** Largest magnitude of an activation in steps. */
  int largest() {
    return base() * base() - 1 - offset();
  }

  /** The steps of the high and of the low piece as parts of a row's largest magnitude. */
  float[] parts() {
    float low = 1f / largest();
    return new float[] {base() * low, low};
  }

  /** What is added to an activation in steps of the high and of the low piece, and then cut off. */
  float[] zeros() {
    float low = offset() + 0.5f;
    return new float[] {low / base(), low};
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
