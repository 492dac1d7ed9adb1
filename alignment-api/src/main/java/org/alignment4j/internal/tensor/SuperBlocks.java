package org.alignment4j.internal.tensor;

import static org.alignment4j.internal.tensor.BlockDecoder.half;
import static org.alignment4j.internal.tensor.BlockDecoder.int32;

/**
 * GGUF's K types: 256 elements with one scale d (and an offset's, dmin), in groups of 16 or 32 with
 * small integer scales s (and m): (d s) q or (d s) q - (dmin m).
 */
final class SuperBlocks {
  /** Elements of a block. */
  static final int SIZE = 256;

  private SuperBlocks() {}

  /** s and m as nibbles[16], 2-bit q[64], d[2], dmin[2]. */
  static void q2(byte[] in, int at, float[] out, int to) {
    float d = half(in, at + 80);
    float dmin = half(in, at + 82);
    for (int group = 0; group < 16; group++) {
      float scale = d * (in[at + group] & 15);
      float min = dmin * (in[at + group] >> 4 & 15);
      int q = at + 16 + twoBits(group);
      int shift = twoBitShift(group);
      for (int i = 0; i < 16; i++) {
        out[to + 16 * group + i] = scale * (in[q + i] >> shift & 3) - min;
      }
    }
  }

  /** Third bits[32], 2-bit q[64], 6-bit s[12], d[2]: q is 4 less where its third bit is not set. */
  static void q3(byte[] in, int at, float[] out, int to) {
    float d = half(in, at + 108);
    int s = at + 96;
    for (int group = 0; group < 16; group++) {
      int low = in[s + group % 8] >> (4 * (group / 8)) & 15;
      int high = in[s + 8 + group % 4] >> (2 * (group / 4)) & 3;
      float scale = d * ((low | high << 4) - 32);
      int q = at + 32 + twoBits(group);
      int third = at + 16 * (group % 2);
      int shift = twoBitShift(group);
      for (int i = 0; i < 16; i++) {
        int less = (in[third + i] >> (group / 2) & 1) == 0 ? 4 : 0;
        out[to + 16 * group + i] = scale * ((in[q + i] >> shift & 3) - less);
      }
    }
  }

  /** d[2], dmin[2], 6-bit s and m[12], nibbles[128]. */
  static void q4(byte[] in, int at, float[] out, int to) {
    float d = half(in, at);
    float dmin = half(in, at + 2);
    for (int group = 0; group < 8; group++) {
      float scale = d * scale(in, at + 4, group);
      float min = dmin * min(in, at + 4, group);
      int q = at + 16 + 32 * (group / 2);
      int shift = 4 * (group % 2);
      for (int i = 0; i < 32; i++) {
        out[to + 32 * group + i] = scale * (in[q + i] >> shift & 15) - min;
      }
    }
  }

  /** See {@link GgufType#groups}. */
  static void q4Groups(byte[] in, int at, GgufGroups out, int to) {
    float d = half(in, at);
    float dmin = half(in, at + 2);
    for (int group = 0; group < 8; group++) {
      out.scales()[to + group] = d * scale(in, at + 4, group);
      out.offsets()[to + group] = -(dmin * min(in, at + 4, group));
      int q = at + 16 + 32 * (group / 2);
      int shift = 4 * (group % 2);
      int first = 32 * (to + group);
      for (int i = 0; i < 32; i++) {
        out.integers()[first + i] = (byte) (in[q + i] >> shift & 15);
      }
    }
  }

  /** d[2], dmin[2], 6-bit s and m[12], fifth bits[32], nibbles[128]. */
  static void q5(byte[] in, int at, float[] out, int to) {
    float d = half(in, at);
    float dmin = half(in, at + 2);
    for (int group = 0; group < 8; group++) {
      float scale = d * scale(in, at + 4, group);
      float min = dmin * min(in, at + 4, group);
      int q = at + 48 + 32 * (group / 2);
      int shift = 4 * (group % 2);
      for (int i = 0; i < 32; i++) {
        int fifth = in[at + 16 + i] >> group & 1;
        out[to + 32 * group + i] = scale * ((in[q + i] >> shift & 15) | fifth << 4) - min;
      }
    }
  }

  /** Nibbles[128], upper 2 bits[64], int8 s[16], d[2]: (d s) (q - 32). */
  static void q6(byte[] in, int at, float[] out, int to) {
    float d = half(in, at + 208);
    for (int group = 0; group < 16; group++) {
      float scale = d * in[at + 192 + group];
      int low = at + 64 * (group / 8) + 16 * (group % 4);
      int lowShift = 4 * (group / 4 % 2);
      int high = at + 128 + twoBits(group);
      int highShift = twoBitShift(group);
      for (int i = 0; i < 16; i++) {
        int q = (in[low + i] >> lowShift & 15) | (in[high + i] >> highShift & 3) << 4;
        out[to + 16 * group + i] = scale * (q - 32);
      }
    }
  }

  /** d[4] as float32, int8[256], sums[32], which serve products only: d q. */
  static void q8(byte[] in, int at, float[] out, int to) {
    float d = Float.intBitsToFloat(int32(in, at));
    for (int i = 0; i < SIZE; i++) {
      out[to + i] = d * in[at + 4 + i];
    }
  }

  /** Where the 2 bits of a group of 16 begin: 32 bytes hold 4 x 32 elements. */
  private static int twoBits(int group) {
    return 32 * (group / 8) + 16 * (group % 2);
  }

  private static int twoBitShift(int group) {
    return 2 * (group / 2 % 4);
  }

  /** The scale of a group of 32, whose bits are spread over 12 bytes. */
  private static int scale(byte[] in, int at, int group) {
    return group < 4
        ? in[at + group] & 63
        : (in[at + 4 + group] & 15) | (in[at + group - 4] >> 2 & 0x30);
  }

  /** The offset of a group of 32. */
  private static int min(byte[] in, int at, int group) {
    return group < 4
        ? in[at + 4 + group] & 63
        : (in[at + 4 + group] >> 4 & 15) | (in[at + group] >> 2 & 0x30);
  }
}
