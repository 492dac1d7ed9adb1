package org.alignment4j.data.filter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MinHashTests {
  private static final int TRIALS = 4000;

  private static String words(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "w" + i).collect(Collectors.joining(" "));
  }

  @Test
  void theDefaultsCollideAsTheLiteratureSays() {
    assertEquals(0.924, new MinHash().collisionProbability(0.8), 0.0005);
    assertEquals(0, new MinHash().collisionProbability(0));
    assertEquals(1, new MinHash().collisionProbability(1));
  }

  /** Pairs of known similarity: single words are the shingles, and each occurs once. */
  @ParameterizedTest
  @CsvSource({"80, 10", "50, 25", "60, 20", "2, 49"})
  void collisionsAndEstimatesAreThoseOfTheSimilarity(int shared, int own) {
    double s = shared / (shared + 2.0 * own);
    int collisions = 0;
    double sum = 0;
    double squares = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
      MinHash hash = new MinHash(1, 14, 8, trial);
      // Other words each time, so that the words' own hashes vary too.
      int first = trial * 1000;
      int[] a = hash.signature(words(first, first + shared + own));
      int[] b = hash.signature(words(first + own, first + shared + 2 * own));
      collisions += hash.collide(a, b) ? 1 : 0;
      double estimate = MinHash.similarity(a, b);
      sum += estimate;
      squares += (estimate - s) * (estimate - s);
    }
    double p = new MinHash().collisionProbability(s);
    double error = Math.sqrt(p * (1 - p) / TRIALS) + 1e-4;
    assertEquals(p, collisions / (double) TRIALS, 4 * error, "collisions");
    double variance = s * (1 - s) / 112;
    assertEquals(s, sum / TRIALS, 4 * Math.sqrt(variance / TRIALS), "unbiased");
    assertEquals(variance, squares / TRIALS, 0.15 * variance, "independent numbers");
  }

  /** On text, against the Jaccard similarity of the shingles by its definition. */
  @Test
  void shinglesAreRunsOfWords() {
    String a = words(0, 30) + " " + words(0, 30);
    String b = words(0, 25) + " x y " + words(0, 30);
    double s = jaccard(shingles(a, 3), shingles(b, 3));
    double sum = 0;
    for (int seed = 0; seed < 500; seed++) {
      MinHash hash = new MinHash(3, 14, 8, seed);
      sum += MinHash.similarity(hash.signature(a), hash.signature(b));
    }
    assertEquals(s, sum / 500, 4 * Math.sqrt(s * (1 - s) / 112 / 500));
  }

  private static Set<List<String>> shingles(String text, int n) {
    List<String> words = List.of(text.split(" "));
    Set<List<String>> shingles = new HashSet<>();
    for (int i = 0; i + n <= words.size(); i++) {
      shingles.add(words.subList(i, i + n));
    }
    return shingles;
  }

  private static double jaccard(Set<List<String>> a, Set<List<String>> b) {
    Set<List<String>> common = new HashSet<>(a);
    common.retainAll(b);
    return (double) common.size() / (a.size() + b.size() - common.size());
  }

  @Test
  void shortTextsAreOneShingle() {
    MinHash hash = new MinHash();
    assertArrayEquals(hash.signature("Two words!"), hash.signature("two  words"));
    assertEquals(
        0, MinHash.similarity(hash.signature("two words"), hash.signature("words two")), 0.03);
    assertEquals(112, hash.signature("").length);
    assertThrows(IllegalArgumentException.class, () -> MinHash.similarity(new int[1], new int[2]));
  }

  @Test
  void signaturesStayTheSameFromVersionToVersion() {
    int[] signature = new MinHash(3, 1, 3, 7).signature("How do I kill a Python process?");
    assertArrayEquals(GOLDEN, signature);
  }

  private static final int[] GOLDEN = {-831150789, -2057174391, -888131448};
}
