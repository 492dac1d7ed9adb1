package org.alignment4j.internal.tensor;

/** The 16-bit formats computed from their definition, in double arithmetic, to test against. */
enum SlowFloats {
  HALF(5, 10),
  BFLOAT16(8, 7);

  private final int fraction;
  private final int bias;
  private final int mask;

  SlowFloats(int exponent, int fraction) {
    this.fraction = fraction;
    this.bias = (1 << (exponent - 1)) - 1;
    this.mask = (1 << exponent) - 1;
  }

  double decode(int bits) {
    double sign = (bits & 0x8000) != 0 ? -1 : 1;
    int e = (bits >> fraction) & mask;
    double m = Math.scalb((double) (bits & ((1 << fraction) - 1)), -fraction);
    if (e == mask) {
      return m == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
    }
    return sign * (e == 0 ? Math.scalb(m, 1 - bias) : Math.scalb(1 + m, e - bias));
  }

  /** Rounds to nearest, ties to even. The value must not be NaN. */
  int encode(double value) {
    int sign = Double.doubleToRawLongBits(value) < 0 ? 0x8000 : 0;
    double x = Math.abs(value);
    double limit = Math.scalb(1.0, bias + 1);
    int infinity = mask << fraction;
    if (x >= limit) {
      return sign | infinity;
    }
    int least = 1 - bias;
    int e = Math.max(Math.getExponent(x), least);
    double rounded = Math.scalb(Math.rint(Math.scalb(x, fraction - e)), e - fraction);
    if (rounded >= limit) {
      return sign | infinity;
    }
    if (rounded < Math.scalb(1.0, least)) {
      return sign | (int) Math.scalb(rounded, fraction - least);
    }
    int exponent = Math.getExponent(rounded);
    int m = (int) Math.scalb(Math.scalb(rounded, -exponent) - 1, fraction);
    return sign | ((exponent + bias) << fraction) | m;
  }
}
