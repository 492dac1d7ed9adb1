package org.alignment4j.internal.tensor;

import static org.alignment4j.internal.tensor.BlockDecoder.half;
import static org.alignment4j.internal.tensor.BlockDecoder.uint16;

/** GGUF's types whose nibbles are places in a table of 16 values. */
final class TableBlocks {
  private static final byte[] NON_LINEAR = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  /** Twice the values of a 4-bit float with 2 bits of exponent. */
  private static final byte[] E2M1 = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

  private TableBlocks() {}

  /** d[2], nibbles[16]: d v. */
  static void iq4nl(byte[] in, int at, float[] out, int to) {
    nibbles(half(in, at), NON_LINEAR, in, at + 2, out, to);
  }

  /** d[2], upper 2 bits of s[2], lower 4 bits of s[4], nibbles[128]: (d (s - 32)) v. */
  static void iq4xs(byte[] in, int at, float[] out, int to) {
    float d = half(in, at);
    int high = uint16(in, at + 2);
    for (int group = 0; group < 8; group++) {
      int low = in[at + 4 + group / 2] >> (4 * (group % 2)) & 15;
      int scale = (low | (high >> (2 * group) & 3) << 4) - 32;
      nibbles(d * scale, NON_LINEAR, in, at + 8 + 16 * group, out, to + 32 * group);
    }
  }

  /** Exponent[1], nibbles[16]: 2^(e - 128) v, the table having the values doubled. */
  static void mxfp4(byte[] in, int at, float[] out, int to) {
    int e = in[at] & 0xff;
    float d = Float.intBitsToFloat(e < 2 ? 0x0020_0000 << e : (e - 1) << 23);
    nibbles(d, E2M1, in, at + 1, out, to);
  }

  private static void nibbles(float d, byte[] table, byte[] in, int at, float[] out, int to) {
    for (int i = 0; i < 16; i++) {
      int q = in[at + i];
      out[to + i] = d * table[q & 15];
      out[to + 16 + i] = d * table[q >> 4 & 15];
    }
  }
}
