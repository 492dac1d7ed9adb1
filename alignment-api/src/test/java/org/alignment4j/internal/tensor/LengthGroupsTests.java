package org.alignment4j.internal.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.alignment4j.internal.tensor.LengthGroups.Bound;
import org.junit.jupiter.api.Test;

class LengthGroupsTests {
  @Test
  void shorterOnesComeFirstAndEqualOnesInTheirOrder() {
    assertEquals(
        List.of(List.of(1, 3), List.of(0, 2), List.of(4)),
        LengthGroups.of(new int[] {3, 1, 3, 1, 9}, (rows, longest, tokens) -> rows <= 2));
    assertEquals(List.of(), LengthGroups.of(new int[0], (rows, longest, tokens) -> true));
  }

  @Property(tries = 300)
  void groupsAreAsLargeAsTheBoundAllows(
      @ForAll @Size(max = 40) List<@IntRange(max = 50) Integer> all,
      @ForAll @IntRange(min = 1, max = 8) int most,
      @ForAll @IntRange(max = 300) int places,
      @ForAll @IntRange(max = 200) int most2) {
    int[] lengths = all.stream().mapToInt(i -> i).toArray();
    Bound bound =
        (rows, longest, tokens) ->
            rows <= most && (long) rows * longest <= places && tokens <= most2;
    List<List<Integer>> groups = LengthGroups.of(lengths, bound);
    List<Integer> flat = groups.stream().flatMap(List::stream).toList();
    assertEquals(
        IntStream.range(0, lengths.length).boxed().toList(), flat.stream().sorted().toList());
    for (int i = 1; i < flat.size(); i++) {
      assertTrue(lengths[flat.get(i - 1)] <= lengths[flat.get(i)]);
    }
    int next = 0;
    for (List<Integer> group : groups) {
      next += group.size();
      long tokens = group.stream().mapToLong(i -> lengths[i]).sum();
      int longest = lengths[group.get(group.size() - 1)];
      assertTrue(group.size() == 1 || bound.holds(group.size(), longest, tokens));
      if (next < flat.size()) {
        int more = lengths[flat.get(next)];
        assertTrue(!bound.holds(group.size() + 1, more, tokens + more));
      }
    }
  }
}
