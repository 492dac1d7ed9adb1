package org.alignment4j.internal.tensor;

/** Widens one block of a GGUF type to float32, with the operations of ggml and their order. */
@FunctionalInterface
interface BlockDecoder {
  /**
   * Decodes one block.
   *
   * @param in holds the block from byte {@code at} on
   * @param out gets the block's elements from index {@code to} on
   */
  void decode(byte[] in, int at, float[] out, int to);

  /** The IEEE half at a byte, widened. */
  static float half(byte[] in, int at) {
    return HalfPrecision.halfToFloat((short) uint16(in, at));
  }

  /** The unsigned 16-bit number at a byte. */
  static int uint16(byte[] in, int at) {
    return (in[at] & 0xff) | (in[at + 1] & 0xff) << 8;
  }

  /** The 32-bit number at a byte. */
  static int int32(byte[] in, int at) {
    return uint16(in, at) | uint16(in, at + 2) << 16;
  }

  /** The 64-bit number at a byte. */
  static long int64(byte[] in, int at) {
    return (int32(in, at) & 0xffff_ffffL) | (long) int32(in, at + 4) << 32;
  }
}
