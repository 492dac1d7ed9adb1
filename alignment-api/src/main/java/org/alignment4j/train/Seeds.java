package org.alignment4j.train;

/**
 * Random numbers as pure functions of a seed and of their purpose (SplitMix64), so that a resumed
 * training draws the same numbers as an uninterrupted one, on every JDK.
 */
final class Seeds {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private Seeds() {}

  /** The seed of a micro batch. */
  static long ofMicroBatch(long seed, long step, int microBatch) {
    return mix(mix(mix(seed + GOLDEN) + GOLDEN * (step + 1)) + GOLDEN * (microBatch + 1));
  }

  /** The seed of an epoch's order. */
  static long ofEpoch(long seed, long epoch) {
    return mix(mix(~seed + GOLDEN) + GOLDEN * (epoch + 1));
  }

  /** Shuffles in place (Fisher and Yates). */
  static void shuffle(int[] values, long seed) {
    long state = seed;
    for (int n = values.length; n > 1; n--) {
      state += GOLDEN;
      int other = (int) (((mix(state) >>> 33) * n) >>> 31); // 0 to n - 1
      int last = values[n - 1];
      values[n - 1] = values[other];
      values[other] = last;
    }
  }

  private static long mix(long z) {
    long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
    return b ^ (b >>> 31);
  }
}
