package org.alignment4j.internal.tensor;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Groups sequences of similar length for batches, so that there is little padding and a group fits
 * into memory.
 */
public final class LengthGroups {
  /** The limit on the size of a group. */
  @FunctionalInterface
  public interface Bound {
    /**
     * Whether a group may have this size.
     *
     * @param rows number of sequences, 2 or more
     * @param longest number of tokens of the longest sequence
     * @param tokens number of tokens of all sequences, without padding
     */
    boolean holds(int rows, int longest, long tokens);
  }

  private LengthGroups() {}

  /**
   * The indices of the sequences in groups, shorter sequences first, those of equal length in
   * order.
   *
   * @param lengths number of tokens of each sequence
   * @param bound called before a sequence is added to a group; a group has at least one
   * @return mutable lists that together contain each index once; empty if there are no sequences
   */
  public static List<List<Integer>> of(int[] lengths, Bound bound) {
    List<Integer> order =
        IntStream.range(0, lengths.length)
            .boxed()
            .sorted(Comparator.comparingInt(i -> lengths[i]))
            .toList();
    List<List<Integer>> groups = new ArrayList<>();
    List<Integer> group = new ArrayList<>();
    long tokens = 0;
    for (int i : order) {
      if (!group.isEmpty() && !bound.holds(group.size() + 1, lengths[i], tokens + lengths[i])) {
        groups.add(group);
        group = new ArrayList<>();
        tokens = 0;
      }
      group.add(i);
      tokens += lengths[i];
    }
    if (!group.isEmpty()) {
      groups.add(group);
    }
    return groups;
  }
}
