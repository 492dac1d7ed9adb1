package org.alignment4j.model;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Where the tokens of sequences are if what sequences begin with in common is stored once, such as
 * the prompt of two responses or a system prompt.
 *
 * @param tokens index of each sequence's tokens [B][length]
 * @param count number of different tokens
 */
@SuppressWarnings("ArrayRecordComponent")
record SharedBeginnings(int[][] tokens, int count) implements Batch.Places {
  /** Fewest tokens that are saved, of each token: below, gathering costs as much. */
  private static final double SAVED = 0.1;

  /** Null if little would be saved. */
  static @Nullable SharedBeginnings find(List<int[]> sequences) {
    int[][] tokens = new int[sequences.size()][];
    int count = 0;
    int all = 0;
    // In lexical order a sequence shares the most with the one before it.
    int before = -1;
    for (int b : lexical(sequences)) {
      int[] own = sequences.get(b);
      all += own.length;
      int common = before < 0 ? 0 : common(sequences.get(before), own);
      tokens[b] = new int[own.length];
      if (common > 0) {
        System.arraycopy(tokens[before], 0, tokens[b], 0, common);
      }
      for (int p = common; p < own.length; p++) {
        tokens[b][p] = count++;
      }
      before = b;
    }
    return all - count < SAVED * all ? null : new SharedBeginnings(tokens, count);
  }

  private static int[] lexical(List<int[]> sequences) {
    return IntStream.range(0, sequences.size())
        .boxed()
        .sorted(Comparator.comparing(sequences::get, Arrays::compare))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private static int common(int[] a, int[] b) {
    int mismatch = Arrays.mismatch(a, b);
    return mismatch < 0 ? a.length : mismatch;
  }

  @Override
  public int of(int b, int position) {
    return tokens[b][position];
  }
}
