package org.alignment4j.internal.tensor;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Sequences in groups of like length, each of which runs at once, so that little is computed for
 * padding and a group fits the memory.
 */
public final class LengthGroups {
  /** How large a group may become. */
  @FunctionalInterface
  public interface Bound {
    /**
     * Whether a group may be so large.
     *
     * @param rows sequences in it, 2 or more
     * @param longest tokens of the longest
     * @param tokens of all together, without padding
     */
    boolean holds(int rows, int longest, long tokens);
  }

  private LengthGroups() {}

  /**
   * The numbers of sequences in groups, the shorter first, those of one length in their order.
   *
   * @param lengths tokens of each sequence
   * @param bound asked before a group gets one more; a group has one at least
   * @return mutable lists that hold each number from 0 once; empty if there are no sequences
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
