package org.alignment4j.testing;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;

/** Random damage to files of little-endian numbers, with those at the edges of what is allowed. */
public final class BinaryDamage {
  private static final long[] NUMBERS = {
    0,
    1,
    2,
    7,
    8,
    9,
    12,
    13,
    31,
    33,
    255,
    65_536,
    1 << 20,
    1L << 31,
    (1L << 32) - 1,
    1L << 32,
    1L << 40,
    1L << 61,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    -1
  };

  private BinaryDamage() {}

  /**
   * The bytes with one damage: to a bit, a byte, a number, the length, or by doubling or dropping a
   * part.
   */
  public static byte[] once(byte[] bytes, Random random) {
    if (bytes.length < 16) {
      return bytes;
    }
    int at = random.nextInt(bytes.length - 8);
    byte[] copy = bytes.clone();
    ByteBuffer numbers = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
    long number = NUMBERS[random.nextInt(NUMBERS.length)];
    int span = Math.min(bytes.length - at, 1 + random.nextInt(16));
    switch (random.nextInt(7)) {
      case 0 -> copy[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> copy[at] = (byte) random.nextInt();
      case 2 -> numbers.putLong(at, number);
      case 3 -> numbers.putInt(at, (int) number);
      case 4 -> copy = Arrays.copyOf(bytes, at);
      case 5 -> {
        copy = new byte[bytes.length + span];
        System.arraycopy(bytes, 0, copy, 0, at + span);
        System.arraycopy(bytes, at, copy, at + span, bytes.length - at);
      }
      default -> {
        copy = new byte[bytes.length - span];
        System.arraycopy(bytes, 0, copy, 0, at);
        System.arraycopy(bytes, at + span, copy, at, bytes.length - at - span);
      }
    }
    return copy;
  }
}
