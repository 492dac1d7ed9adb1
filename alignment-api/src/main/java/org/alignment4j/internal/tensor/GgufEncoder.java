package org.alignment4j.internal.tensor;

import java.nio.ByteBuffer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Rounds float32 to the elements of GGUF tensors, to the bit as Python's gguf package does it: F32,
 * F16, BF16, Q8_0 and Q4_0.
 */
final class GgufEncoder {
  private static final int BLOCK = 32;

  /** IEEE half precision rounds numbers from here on to infinity. */
  private static final float HALF_LIMIT = 65520;

  /** The same of bfloat16. */
  private static final float BFLOAT16_LIMIT = 0x1.ffp127f;

  private final GgufType type;
  private final FloatEncoder plain;
  private final @Nullable RandomGenerator dither;

  /**
   * @param most maximum number of elements encoded at once
   */
  GgufEncoder(GgufType type, int most) {
    this(type, most, null);
  }

  /**
   * @param most maximum number of elements encoded at once
   * @param dither source of randomness to round Q8_0 up or down at random, by how near either is,
   *     so that the mean stays; null to round to the nearest
   */
  GgufEncoder(GgufType type, int most, @Nullable RandomGenerator dither) {
    if (!canWrite(type)) {
      throw new IllegalArgumentException(type + " cannot be written");
    }
    this.type = type;
    this.dither = dither;
    this.plain = new FloatEncoder(type.plain().orElse(StorageType.F32), most);
  }

  static boolean canWrite(GgufType type) {
    return switch (type) {
      case F32, F16, BF16, Q8_0, Q4_0 -> true;
      default -> false;
    };
  }

  /**
   * The magnitude from which on a number becomes infinite, itself or by its block's scale, which is
   * in half precision.
   */
  static float limit(GgufType type) {
    return switch (type) {
      case F16 -> HALF_LIMIT;
      case BF16 -> BFLOAT16_LIMIT;
      case Q8_0 -> HALF_LIMIT * 127;
      case Q4_0 -> HALF_LIMIT * 8;
      default -> Float.POSITIVE_INFINITY;
    };
  }

  /**
   * Writes the first {@code n} floats, finite and within the limit.
   *
   * @param n a multiple of the type's blocks
   * @param out little-endian
   */
  void encode(float[] from, int n, ByteBuffer out) {
    switch (type) {
      case Q8_0 -> {
        for (int at = 0; at < n; at += BLOCK) {
          q8(from, at, out);
        }
      }
      case Q4_0 -> {
        for (int at = 0; at < n; at += BLOCK) {
          q4(from, at, out);
        }
      }
      default -> plain.encode(from, n, out);
    }
  }

  private void q8(float[] from, int at, ByteBuffer out) {
    float most = 0;
    for (int i = at; i < at + BLOCK; i++) {
      most = Math.max(most, Math.abs(from[i]));
    }
    float d = most / 127;
    float inverse = d == 0 ? 0 : 1 / d;
    out.putShort(HalfPrecision.floatToHalf(d));
    for (int i = at; i < at + BLOCK; i++) {
      float x = Math.abs(from[i] * inverse);
      float floor = (float) Math.floor(x);
      int rounded =
          dither == null
              ? (int) (floor + (float) Math.floor(2 * (x - floor))) // half away from zero
              : (int) Math.min(127, floor + (x - floor > dither.nextFloat() ? 1 : 0));
      out.put((byte) (from[i] < 0 ? -rounded : rounded));
    }
  }

  private static void q4(float[] from, int at, ByteBuffer out) {
    float extreme = from[at];
    for (int i = at + 1; i < at + BLOCK; i++) {
      if (Math.abs(from[i]) > Math.abs(extreme)) {
        extreme = from[i];
      }
    }
    float d = extreme / -8;
    float inverse = d == 0 ? 0 : 1 / d;
    out.putShort(HalfPrecision.floatToHalf(d));
    for (int i = at; i < at + BLOCK / 2; i++) {
      out.put((byte) (nibble(from[i] * inverse) | nibble(from[i + BLOCK / 2] * inverse) << 4));
    }
  }

  private static int nibble(float x) {
    return Math.min(15, (int) (x + 8.5f));
  }
}
