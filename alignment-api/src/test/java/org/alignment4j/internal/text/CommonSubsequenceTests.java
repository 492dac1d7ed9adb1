package org.alignment4j.internal.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.alignment4j.internal.text.RougeL.CommonSubsequence;
import org.junit.jupiter.api.Test;

class CommonSubsequenceTests {
  /** Lengths around the borders of blocks of 64; few words repeat much, many seldom. */
  @Provide
  Arbitrary<int[]> sequences() {
    Arbitrary<Integer> lengths =
        Arbitraries.oneOf(
            Arbitraries.of(0, 1, 63, 64, 65, 128, 129), Arbitraries.integers().between(2, 400));
    return Arbitraries.of(2, 4, 50, 1000)
        .flatMap(
            words ->
                lengths.flatMap(
                    length ->
                        Arbitraries.integers()
                            .between(-words / 2, words / 2)
                            .array(int[].class)
                            .ofSize(length)));
  }

  @Property(tries = 500)
  void lengthsAreTheDefinitions(@ForAll("sequences") int[] a, @ForAll("sequences") int[] b) {
    int expected = table(a, b);
    assertEquals(expected, CommonSubsequence.of(a).length(b));
    assertEquals(expected, CommonSubsequence.of(b).length(a));
    assertEquals(a.length, CommonSubsequence.of(a).length(a));
  }

  @Test
  void carriesPassThroughWholeBlocks() {
    int[] same = new int[1000];
    for (int n : new int[] {1, 64, 65, 500, 999, 1000, 1500}) {
      assertEquals(Math.min(1000, n), CommonSubsequence.of(same).length(new int[n]));
    }
  }

  @Test
  void longTextsNeedLittleMemory() {
    // A table of a bit for each pair of positions would be 5 GB.
    int[] distinct = IntStream.range(0, 200_000).toArray();
    int[] end = IntStream.range(199_000, 201_000).toArray();
    assertEquals(1000, CommonSubsequence.of(distinct).length(end));
  }

  /** The recurrence of the definition. */
  private static int table(int[] a, int[] b) {
    int[][] best = new int[a.length + 1][b.length + 1];
    for (int i = 1; i <= a.length; i++) {
      for (int j = 1; j <= b.length; j++) {
        best[i][j] =
            a[i - 1] == b[j - 1]
                ? best[i - 1][j - 1] + 1
                : Math.max(best[i - 1][j], best[i][j - 1]);
      }
    }
    return best[a.length][b.length];
  }
}
