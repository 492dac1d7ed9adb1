package org.alignment4j.internal.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class HalfPrecisionTests {
  @Test
  void everyPatternWidensToItsValue() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      assertSame(SlowFloats.HALF.decode(bits), HalfPrecision.halfToFloat((short) bits), bits);
      assertSame(
          SlowFloats.BFLOAT16.decode(bits), HalfPrecision.bfloat16ToFloat((short) bits), bits);
    }
  }

  private static void assertSame(double expected, float found, int bits) {
    assertEquals(
        Double.doubleToLongBits(expected),
        Double.doubleToLongBits(found),
        () -> Integer.toHexString(bits) + ": " + expected + " != " + found);
  }

  @Test
  void everyPatternSurvivesWideningAndRounding() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      short s = (short) bits;
      assertEquals(s, HalfPrecision.floatToHalf(HalfPrecision.halfToFloat(s)));
      assertEquals(s, HalfPrecision.floatToBfloat16(HalfPrecision.bfloat16ToFloat(s)));
    }
  }

  @Test
  void valuesAtAndBesideEveryTieRoundToNearestEven() {
    for (int bits = 0; bits < 0x7c00; bits++) {
      float low = HalfPrecision.halfToFloat((short) bits);
      double high = bits == 0x7bff ? 65536 : SlowFloats.HALF.decode(bits + 1);
      assertRounds((float) ((low + high) / 2));
    }
    for (int bits = 0; bits < 0x7f80; bits++) {
      assertRounds(Float.intBitsToFloat((bits << 16) | 0x8000));
    }
  }

  @Property(tries = 20_000)
  void anyFloatRoundsToNearestEven(@ForAll int bits) {
    float value = Float.intBitsToFloat(bits);
    if (!Float.isNaN(value)) {
      assertRounds(value);
    }
    // The same fraction at an exponent near half's range, which random patterns seldom hit.
    int exponent = 127 - 28 + ((bits >>> 23) & 0xff) % 48;
    assertRounds(Float.intBitsToFloat((bits & 0x807f_ffff) | (exponent << 23)));
  }

  private static void assertRounds(float value) {
    for (float v : new float[] {value, Math.nextUp(value), Math.nextDown(value), -value}) {
      assertEquals(
          (short) SlowFloats.HALF.encode(v),
          HalfPrecision.floatToHalf(v),
          () -> "half of " + Float.toHexString(v));
      assertEquals(
          (short) SlowFloats.BFLOAT16.encode(v),
          HalfPrecision.floatToBfloat16(v),
          () -> "bfloat16 of " + Float.toHexString(v));
    }
  }

  @Test
  void everyKindOfNanStaysNan() {
    for (int bits : new int[] {0x7f80_0001, 0x7fc0_0000, 0xff80_0001, 0xffff_ffff, 0x7f80_2000}) {
      float nan = Float.intBitsToFloat(bits);
      assertTrue(Float.isNaN(HalfPrecision.halfToFloat(HalfPrecision.floatToHalf(nan))));
      assertTrue(Float.isNaN(HalfPrecision.bfloat16ToFloat(HalfPrecision.floatToBfloat16(nan))));
    }
  }
}
