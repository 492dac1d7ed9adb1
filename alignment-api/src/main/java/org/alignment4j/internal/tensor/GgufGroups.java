package org.alignment4j.internal.tensor;

/**
 * Elements stored in 4 bits: those of each {@link #SIZE} of a row are {@code offset + scale * q}.
 * The arrays are not copied.
 *
 * @param scales one for each group
 * @param offsets one for each group
 * @param integers q of each element, 0 to 15
 */
@SuppressWarnings("ArrayRecordComponent")
public record GgufGroups(float[] scales, float[] offsets, byte[] integers) {
  /** Elements of a group. */
  public static final int SIZE = 32;

  /** Room for so many groups. */
  public static GgufGroups of(int groups) {
    return new GgufGroups(
        new float[groups], new float[groups], new byte[Math.multiplyExact(groups, SIZE)]);
  }

  /** The number of groups. */
  public int count() {
    return scales.length;
  }

  /** Sets a range of groups to another's. */
  void set(int to, GgufGroups from, int first, int count) {
    System.arraycopy(from.scales, first, scales, to, count);
    System.arraycopy(from.offsets, first, offsets, to, count);
    System.arraycopy(from.integers, first * SIZE, integers, to * SIZE, count * SIZE);
  }
}
