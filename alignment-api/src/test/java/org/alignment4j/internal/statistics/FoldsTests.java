package org.alignment4j.internal.statistics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class FoldsTests {
  @Property(tries = 200)
  void everyItemIsInOneFoldAndEqualOnesAreTogether(
      @ForAll @Size(min = 2, max = 30) List<@IntRange(max = 9) Integer> positives,
      @ForAll @Size(min = 2, max = 30) List<@IntRange(max = 9) Integer> negatives) {
    Folds folds = Folds.of(positives, negatives, 5);
    int seen = 0;
    for (int f = 0; f < folds.count(); f++) {
      assertTrue(folds.positives(f).length > 0 && folds.negatives(f).length > 0);
      assertEquals(positives.size(), folds.positives(f).length + folds.otherPositives(f).length);
      assertEquals(negatives.size(), folds.negatives(f).length + folds.otherNegatives(f).length);
      seen += folds.positives(f).length;
      Set<Integer> inside = new HashSet<>();
      Arrays.stream(folds.positives(f)).forEach(i -> inside.add(positives.get(i)));
      assertTrue(
          Arrays.stream(folds.otherPositives(f)).noneMatch(i -> inside.contains(positives.get(i))));
    }
    assertEquals(positives.size(), seen);
    int different = Math.min(new HashSet<>(positives).size(), new HashSet<>(negatives).size());
    assertEquals(Math.min(5, different), folds.count());
  }

  @Test
  void itemsInOrderAreMixed() {
    Folds folds = Folds.of(List.of(1, 2, 3, 4, 5), List.of(1, 2, 3), 3);
    assertArrayEquals(new int[] {0, 3}, folds.positives(0));
    assertArrayEquals(new int[] {1}, folds.negatives(1));
    assertFalse(Folds.of(List.of(1, 1), List.of(1, 2), 5).validates());
  }
}
