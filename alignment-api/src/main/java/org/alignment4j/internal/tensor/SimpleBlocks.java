package org.alignment4j.internal.tensor;

import static org.alignment4j.internal.tensor.BlockDecoder.half;
import static org.alignment4j.internal.tensor.BlockDecoder.int32;

/**
 * GGUF's types of 32 elements with one scale d, and those of {@code _1} with an offset m: d q or d
 * q + m. The low nibbles of 16 bytes are the first half of a block, the high ones the second.
 */
final class SimpleBlocks {
  private static final int HALF = 16;

  private SimpleBlocks() {}

  /** d[2], nibbles[16]: d (q - 8). */
  static void q4x0(byte[] in, int at, float[] out, int to) {
    float d = half(in, at);
    for (int i = 0; i < HALF; i++) {
      int q = in[at + 2 + i];
      out[to + i] = d * ((q & 15) - 8);
      out[to + HALF + i] = d * ((q >> 4 & 15) - 8);
    }
  }

  /** See {@link GgufType#groups}. */
  static void q4x0Groups(byte[] in, int at, GgufGroups out, int to) {
    float d = half(in, at);
    out.scales()[to] = d;
    out.offsets()[to] = -8 * d;
    nibbles(in, at + 2, out.integers(), to * 2 * HALF);
  }

  /** See {@link GgufType#groups}. */
  static void q4x1Groups(byte[] in, int at, GgufGroups out, int to) {
    out.scales()[to] = half(in, at);
    out.offsets()[to] = half(in, at + 2);
    nibbles(in, at + 4, out.integers(), to * 2 * HALF);
  }

  private static void nibbles(byte[] in, int at, byte[] out, int to) {
    for (int i = 0; i < HALF; i++) {
      out[to + i] = (byte) (in[at + i] & 15);
    }
    for (int i = 0; i < HALF; i++) {
      out[to + HALF + i] = (byte) (in[at + i] >> 4 & 15);
    }
  }

  /** d[2], m[2], nibbles[16]: d q + m. */
  static void q4x1(byte[] in, int at, float[] out, int to) {
    float d = half(in, at);
    float m = half(in, at + 2);
    for (int i = 0; i < HALF; i++) {
      int q = in[at + 4 + i];
      out[to + i] = d * (q & 15) + m;
      out[to + HALF + i] = d * (q >> 4 & 15) + m;
    }
  }

  /** d[2], fifth bits[4], nibbles[16]: d (q - 16). */
  static void q5x0(byte[] in, int at, float[] out, int to) {
    float d = half(in, at);
    int fifths = int32(in, at + 2);
    for (int i = 0; i < HALF; i++) {
      int q = in[at + 6 + i];
      out[to + i] = d * (((q & 15) | fifth(fifths, i)) - 16);
      out[to + HALF + i] = d * (((q >> 4 & 15) | fifth(fifths, HALF + i)) - 16);
    }
  }

  /** d[2], m[2], fifth bits[4], nibbles[16]: d q + m. */
  static void q5x1(byte[] in, int at, float[] out, int to) {
    float d = half(in, at);
    float m = half(in, at + 2);
    int fifths = int32(in, at + 4);
    for (int i = 0; i < HALF; i++) {
      int q = in[at + 8 + i];
      out[to + i] = d * ((q & 15) | fifth(fifths, i)) + m;
      out[to + HALF + i] = d * ((q >> 4 & 15) | fifth(fifths, HALF + i)) + m;
    }
  }

  /** d[2], int8[32]: d q. */
  static void q8x0(byte[] in, int at, float[] out, int to) {
    float d = half(in, at);
    for (int i = 0; i < 2 * HALF; i++) {
      out[to + i] = d * in[at + 2 + i];
    }
  }

  /** The fifth bit of an element, in its place. */
  private static int fifth(int fifths, int i) {
    return (fifths >>> i & 1) << 4;
  }
}
