package org.alignment4j.model;

/**
 * Random numbers as pure functions of a sequence's seed and a token's index (SplitMix64), so that a
 * sequence's draws do not depend on its batch or the JDK.
 */
final class Draws {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private Draws() {}

  /** The seed of sequence i of a call. */
  static long seed(long seed, int i) {
    return mix(mix(seed + GOLDEN) ^ mix((long) i + 1));
  }

  /** The uniform number in [0, 1) for the n-th token of a sequence, n from 0. */
  static double at(long sequenceSeed, int n) {
    return (mix(mix(sequenceSeed) + GOLDEN * (n + 1)) >>> 11) * 0x1p-53;
  }

  private static long mix(long z) {
    long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
    return b ^ (b >>> 31);
  }
}
