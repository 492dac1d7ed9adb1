package org.alignment4j.data.filter;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.common.hash.HashFunction;
import com.google.common.hash.Hashing;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.alignment4j.data.internal.NormalText;

/**
 * MinHash with locality-sensitive bands (Broder 1997; Leskovec et al., Mining of Massive Datasets,
 * section 3.4): a signature of {@code bands * rows} numbers estimates the Jaccard similarity of two
 * texts' sets of shingles, and two texts collide if all numbers of some band agree. Signatures can
 * be compared if their four settings agree. Immutable and thread-safe.
 */
final class MinHash {
  private static final HashFunction WORD_HASH = Hashing.murmur3_128();
  private static final int MAX_NUMBERS = 1 << 16;
  private static final long SHINGLE_FACTOR = 0x9E3779B97F4A7C15L;

  private final int shingle;
  private final int bands;
  private final int rows;

  /** [bands * rows] Multiply-shift hashing uses the upper half of factor * x + summand. */
  private final long[] factors;

  private final long[] summands;

  /** 14 bands of 8 rows over shingles of 3 words: texts of similarity 0.8 collide in 92.4 %. */
  public MinHash() {
    this(3, 14, 8, 0);
  }

  /**
   * @param shingle number of words of a shingle, at least 1; a shorter text is one shingle
   * @param bands number of bands, at least 1
   * @param rows numbers per band, at least 1; bands * rows is at most 65,536
   * @param seed selects the hash functions
   */
  public MinHash(int shingle, int bands, int rows, long seed) {
    require(shingle >= 1, "a shingle has at least 1 word, was %d", shingle);
    require(bands >= 1 && rows >= 1, "bands and rows must be >= 1, were %d and %d", bands, rows);
    require(
        (long) bands * rows <= MAX_NUMBERS,
        "a signature has at most %d numbers, was %d x %d",
        MAX_NUMBERS,
        bands,
        rows);
    this.shingle = shingle;
    this.bands = bands;
    this.rows = rows;
    SplittableRandom random = new SplittableRandom(seed);
    factors = random.longs((long) bands * rows).map(a -> a | 1).toArray();
    summands = random.longs((long) bands * rows).toArray();
  }

  /** Returns the number of bands of a signature. */
  public int bands() {
    return bands;
  }

  /** Returns the numbers per band. */
  public int rows() {
    return rows;
  }

  /**
   * Returns the signature of a text, [bands * rows], in time linear in the text. Ignores case,
   * white space, punctuation and Unicode's compatibility forms.
   */
  public int[] signature(String text) {
    return signature(NormalText.of(text));
  }

  int[] signature(NormalText text) {
    List<String> words = text.words();
    long[] hashes = new long[words.size()];
    for (int i = 0; i < hashes.length; i++) {
      hashes[i] = WORD_HASH.hashUnencodedChars(words.get(i)).asLong();
    }
    int[] least = new int[factors.length];
    Arrays.fill(least, Integer.MAX_VALUE);
    int length = Math.min(shingle, hashes.length);
    for (int i = 0; i + length <= hashes.length; i++) {
      long x = 0;
      for (int j = i; j < i + length; j++) {
        x = mixed(x * SHINGLE_FACTOR + hashes[j]);
      }
      for (int k = 0; k < least.length; k++) {
        least[k] = Math.min(least[k], (int) ((factors[k] * x + summands[k]) >>> 32));
      }
    }
    return least;
  }

  private static long mixed(long x) {
    long y = (x ^ (x >>> 33)) * 0xFF51AFD7ED558CCDL;
    return y ^ (y >>> 33);
  }

  /**
   * Returns the estimate of two texts' Jaccard similarity, 0 to 1: the share of numbers that agree.
   * It is unbiased, with standard error {@code sqrt(s (1 - s) / (bands * rows))}, 0.04 at
   * similarity 0.8 with the default settings.
   *
   * @throws IllegalArgumentException if the signatures' lengths differ
   */
  public static double similarity(int[] a, int[] b) {
    require(a.length == b.length, "signature lengths differ: %d != %d", a.length, b.length);
    int equal = 0;
    for (int k = 0; k < a.length; k++) {
      if (a[k] == b[k]) {
        equal++;
      }
    }
    return (double) equal / a.length;
  }

  /** Whether two signatures agree in all numbers of some band. */
  public boolean collide(int[] a, int[] b) {
    for (int band = 0; band < bands; band++) {
      if (Arrays.equals(a, band * rows, (band + 1) * rows, b, band * rows, (band + 1) * rows)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns the probability that two texts collide: {@code 1 - (1 - s^rows)^bands}.
   *
   * @param similarity the Jaccard similarity s, 0 to 1
   */
  public double collisionProbability(double similarity) {
    return 1 - Math.pow(1 - Math.pow(similarity, rows), bands);
  }
}
