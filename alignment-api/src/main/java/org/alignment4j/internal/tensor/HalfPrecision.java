package org.alignment4j.internal.tensor;

/**
 * Conversions between float32 and the two 16-bit formats. Widening is exact; narrowing rounds to
 * nearest, ties to even, as IEEE 754 and PyTorch do. A NaN remains a NaN with its sign and as much
 * of its payload as fits, so that every 16-bit pattern is preserved by conversion to float32 and
 * back.
 */
final class HalfPrecision {
  private HalfPrecision() {}

  /** Widens one bfloat16: its bits are a float's upper half. */
  static float bfloat16ToFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** Rounds one float to bfloat16. */
  static short floatToBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if ((bits & 0x7fff_ffff) > 0x7f80_0000) {
      int payload = bits >>> 16;
      return (short) ((payload & 0x7f) != 0 ? payload : payload | 0x40);
    }
    // A carry out of the fraction correctly increments the exponent, up to infinity.
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /** Widens one IEEE half. */
  static float halfToFloat(short half) {
    int sign = (half & 0x8000) << 16;
    int magnitude = half & 0x7fff;
    if (magnitude >= 0x7c00) { // infinity, NaN
      return Float.intBitsToFloat(sign | 0x7f80_0000 | (magnitude & 0x3ff) << 13);
    }
    if (magnitude < 0x400) { // zero and subnormals: multiples of 2^-24
      return Float.intBitsToFloat(sign | Float.floatToRawIntBits(magnitude * 0x1p-24f));
    }
    return Float.intBitsToFloat(sign | ((magnitude << 13) + ((127 - 15) << 23)));
  }

  /** Rounds one float to an IEEE half. */
  static short floatToHalf(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = (bits >>> 16) & 0x8000;
    int magnitude = bits & 0x7fff_ffff;
    if (magnitude > 0x7f80_0000) { // NaN
      int payload = (magnitude >>> 13) & 0x3ff;
      return (short) (sign | 0x7c00 | (payload != 0 ? payload : 0x200));
    }
    if (magnitude >= 0x477f_f000) { // 65520 and above round to infinity
      return (short) (sign | 0x7c00);
    }
    if (magnitude < 0x3880_0000) { // below 2^-14: adding 0.5 leaves multiples of 2^-24, rounded
      float shifted = Float.intBitsToFloat(magnitude) + 0.5f;
      return (short) (sign | (Float.floatToRawIntBits(shifted) - 0x3f00_0000));
    }
    int rounded = magnitude - ((127 - 15) << 23) + 0xfff + ((magnitude >>> 13) & 1);
    return (short) (sign | (rounded >>> 13));
  }

  /** Widens {@code count} bfloat16 values from the start of {@code from} into {@code to[at..]}. */
  static void bfloat16ToFloat(short[] from, float[] to, int at, int count) {
    for (int i = 0; i < count; i++) {
      to[at + i] = bfloat16ToFloat(from[i]);
    }
  }

  /** Widens {@code count} halfs from the start of {@code from} into {@code to[at..]}. */
  static void halfToFloat(short[] from, float[] to, int at, int count) {
    for (int i = 0; i < count; i++) {
      to[at + i] = halfToFloat(from[i]);
    }
  }

  /** Rounds the first {@code count} floats to bfloat16. */
  static void floatToBfloat16(float[] from, short[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = floatToBfloat16(from[i]);
    }
  }

  /** Rounds the first {@code count} floats to halfs. */
  static void floatToHalf(float[] from, short[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = floatToHalf(from[i]);
    }
  }
}
