package org.alignment4j.analysis;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class HolmTests {
  @Test
  void adjustsByRankAndNeverDescends() {
    // 4 * 0.01, then 3 * 0.015 above it, 2 * 0.02 below that, 0.03 below that.
    assertArrayEquals(
        new double[] {0.045, 0.04, 0.045, 0.045},
        Holm.adjusted(new double[] {0.03, 0.01, 0.02, 0.015}),
        1e-15);
    assertArrayEquals(new double[] {1, 1}, Holm.adjusted(new double[] {0.6, 0.9}), 0);
  }

  @Test
  void testsThatCouldNotBeMadeDoNotCount() {
    assertArrayEquals(
        new double[] {Double.NaN, 0.04, 0.05},
        Holm.adjusted(new double[] {Double.NaN, 0.02, 0.05}),
        1e-15);
  }

  @Property
  void isAtLeastTheValueAtMostBonferroniAndKeepsTheOrder(
      @ForAll @Size(min = 1, max = 12) List<@DoubleRange(min = 0, max = 1) Double> values) {
    double[] p = values.stream().mapToDouble(v -> v).toArray();
    double[] adjusted = Holm.adjusted(p);
    for (int i = 0; i < p.length; i++) {
      assertTrue(adjusted[i] >= p[i] && adjusted[i] <= Math.min(1, p.length * p[i]) + 1e-15);
      for (int j = 0; j < p.length; j++) {
        assertTrue(p[i] > p[j] || adjusted[i] <= adjusted[j]);
      }
    }
  }

  @Test
  void refusesWhatIsNoProbability() {
    assertThrows(IllegalArgumentException.class, () -> Holm.adjusted(new double[] {1.5}));
  }
}
