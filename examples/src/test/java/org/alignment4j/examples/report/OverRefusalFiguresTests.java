package org.alignment4j.examples.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.examples.report.OverRefusalFigures.SetFigures;
import org.junit.jupiter.api.Test;

class OverRefusalFiguresTests {
  /** n values, of which the first k are 1. */
  private static double[] first(int k, int n) {
    return IntStream.range(0, n).mapToDouble(i -> i < k ? 1 : 0).toArray();
  }

  @Test
  void changesArePairedByPrompt() {
    SetFigures f =
        OverRefusalFigures.set(new double[] {0, 0, 0, 0, 1}, new double[] {1, 1, 0, 0, 1});
    assertEquals(5, f.n());
    assertEquals(0.6, f.refused().estimate(), 1e-12);
    assertEquals(0.4, f.change().estimate(), 1e-12);
    assertTrue(f.change().lo() >= 0, "no prompt changed the other way");
    assertEquals(0.5, f.p(), 1e-12, "two of four flips are as far from 0");
    // (z(.975) + z(.8)) sqrt(2/5) / sqrt(5), by Python's statistics.NormalDist.
    assertEquals(0.7924079, f.detectable(), 1e-6);
  }

  @Test
  void anUnchangedSetHasNoChangeAndStillAPower() {
    SetFigures f = OverRefusalFigures.set(first(3, 10), first(3, 10));
    assertEquals(0, f.change().estimate());
    assertEquals(1, f.p());
    assertTrue(f.detectable() > 0.2 && f.detectable() < 0.3, "about 2.8 / 10");
  }

  @Test
  void aSetThatIsWhollyRefusedStillHasAnInterval() {
    Interval all = OverRefusalFigures.set(first(40, 40), first(40, 40)).refused();
    assertEquals(1, all.estimate());
    assertEquals(0.9124, all.lo(), 1e-4, "Wilson, 40 of 40");
    assertEquals(1, all.hi(), 1e-12);
  }

  @Test
  void discriminationIsTheDifferenceOfQuantiles() {
    List<Interval> d =
        OverRefusalFigures.discrimination(
            new double[][] {first(3, 10), first(1, 10)},
            new double[][] {first(7, 10), first(8, 10)});
    // z(8.5/11) - z(1.5/11), and less z(7.5/11) - z(3.5/11), by Python's statistics.NormalDist.
    assertEquals(1.8446622, d.get(0).estimate(), 1e-6);
    assertEquals(1.8446622 - 0.9455782, d.get(1).estimate(), 1e-6);
    assertTrue(d.get(0).lo() < 1.8 && d.get(0).hi() > 1.9);
  }

  @Test
  void pValuesAreAdjustedOverAllMethodsAndSets() {
    SetFigures clear = OverRefusalFigures.set(first(0, 12), first(12, 12));
    SetFigures none = OverRefusalFigures.set(first(3, 12), first(3, 12));
    List<OverRefusalFigures> adjusted =
        OverRefusalFigures.adjusted(
            List.of(figures("a", Map.of("s", clear)), figures("b", Map.of("s", none))));
    SetFigures first = adjusted.get(0).sets().get("s");
    assertEquals(2.0 / 4096, first.p(), 1e-12);
    assertEquals(4.0 / 4096, first.adjusted(), 1e-12);
    assertEquals(1, adjusted.get(1).sets().get("s").adjusted());
  }

  private static OverRefusalFigures figures(String name, Map<String, SetFigures> sets) {
    Interval zero = new Interval(0, 0, 0);
    return new OverRefusalFigures(name, "", 1, sets, zero, zero, 0, 1, 0, 1, 1, Double.NaN, 1, "");
  }
}
