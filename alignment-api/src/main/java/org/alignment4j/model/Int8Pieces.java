package org.alignment4j.model;

import org.alignment4j.internal.tensor.Kernels;

/**
 * How products of 8-bit integers are made: how an activation is cut into two pieces, see
 * linear_int8.torchscript, and by which library.
 *
 * @param bits of a piece. Processors with instructions for such products (VNNI) sum pieces of 8
 *     bits exactly. Older ones add two neighbouring products in 16 bits, which pieces of 8 overflow
 *     and those of 7 do not: 2 * 127 * 127 is less than 2^15
 * @param library that packs matrices and multiplies
 */
record Int8Pieces(int bits, Library library) {
  /** A library of integer products. */
  enum Library {
    ONE_DNN("int8_packing.torchscript"),

    /** For 7 bits only: the zero of its activations is that of such pieces. */
    FBGEMM("int8_packing_fbgemm.torchscript");

    private final String kernels;

    Library(String kernels) {
      this.kernels = kernels;
    }
  }

  static final Int8Pieces EIGHT_BITS = new Int8Pieces(8, Library.ONE_DNN);

  /**
   * On AVX2, where one row takes an eighth to a half of the time that oneDNN takes, and many rows
   * about the same.
   */
  static final Int8Pieces SEVEN_BITS = new Int8Pieces(7, Library.FBGEMM);

  /** Where the engine was built without FBGEMM. */
  static final Int8Pieces SEVEN_BITS_ONE_DNN = new Int8Pieces(7, Library.ONE_DNN);

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

  /** Adds the text of the products, and the names that it uses. */
  Kernels.Builder define(Kernels.Builder kernels) {
    return kernels
        .source(Int8Pieces.class, library.kernels)
        .source(Int8Pieces.class, "int8_plain.torchscript")
        .constant("BITS", bits)
        .constant("BASE", base())
        .constant("MASK", base() - 1)
        .constant("ZERO", zero());
  }
}
