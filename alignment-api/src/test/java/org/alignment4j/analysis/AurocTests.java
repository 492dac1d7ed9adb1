package org.alignment4j.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.alignment4j.internal.statistics.Normal;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class AurocTests {
  static Stream<JsonObject> golden() {
    return Golden.cases("area").stream();
  }

  @ParameterizedTest
  @MethodSource("golden")
  void agreesWithIntervalsFoundByScipy(JsonObject golden) {
    Auroc a =
        new Auroc(
            golden.get("estimate").getAsDouble(),
            golden.get("m").getAsInt(),
            golden.get("n").getAsInt(),
            golden.get("folds").getAsInt());
    assertEquals(golden.get("lo").getAsDouble(), a.lo(), 1e-9);
    assertEquals(golden.get("hi").getAsDouble(), a.hi(), 1e-9);
  }

  @Property(tries = 300)
  void theIntervalHoldsTheEstimateAndTurnsWithTheClasses(
      @ForAll @DoubleRange(min = 0, max = 1) double area,
      @ForAll @IntRange(min = 1, max = 300) int m,
      @ForAll @IntRange(min = 1, max = 300) int n) {
    Auroc a = new Auroc(area, m, n, 1);
    assertTrue(0 <= a.lo() && a.lo() <= area && area <= a.hi() && a.hi() <= 1, a::toString);
    assertTrue(a.lo() < a.hi(), a::toString);
    Auroc turned = new Auroc(1 - area, n, m, 1);
    assertEquals(1 - a.hi(), turned.lo(), 1e-9);
  }

  @Test
  void foldsAreComparedWithinThemselvesOnly() {
    // The second fold's scores are all higher, as another fit's may be.
    List<double[]> positives = List.of(new double[] {1, 3}, new double[] {12});
    List<double[]> negatives = List.of(new double[] {2}, new double[] {11, 12});
    Auroc a = Auroc.ofFolds(positives, negatives);
    // Pairs in order: (3,2); (12,11) and half of (12,12); of four.
    assertEquals(2.5 / 4, a.estimate(), 1e-15);
    assertEquals(3, a.positives());
    assertEquals(3, a.negatives());
    assertEquals(2, a.folds());
    assertThrows(
        IllegalArgumentException.class,
        () -> Auroc.ofFolds(List.of(new double[0]), List.of(new double[] {1})));
  }

  @Test
  void anEmptyClassHasNoArea() {
    Auroc none = Auroc.of(new double[] {1}, new double[0]);
    assertTrue(Double.isNaN(none.estimate()));
    assertEquals(0, none.lo());
    assertEquals(1, none.hi());
    assertTrue(Double.isNaN(none.standardError()));
    assertEquals(null, none.toMap().get("auroc"));
    assertThrows(IllegalArgumentException.class, () -> new Auroc(1.1, 3, 3, 1));
    assertThrows(IllegalArgumentException.class, () -> new Auroc(0.5, 3, 9, 4));
  }

  @Test
  void aPerfectSampleHasAStandardErrorToo() {
    assertEquals(
        (1 - 0.969195206899424) / 1.959963984540054, new Auroc(1, 64, 64, 1).standardError(), 1e-9);
  }

  /** Normal scores whose true area is known. */
  @Tag("slow")
  @ParameterizedTest
  @CsvSource({"0.5,20,20,1", "0.73,100,125,1", "0.95,64,64,5", "0.99,40,40,1", "0.8,15,60,3"})
  void coversTheTrueAreaAboutAsOftenAsItSays(double area, int m, int n, int folds) {
    double shift = Math.sqrt(2) * Normal.quantile(area);
    Random random = new Random(23);
    int runs = 2000;
    int covered = 0;
    for (int r = 0; r < runs; r++) {
      List<double[]> high = new java.util.ArrayList<>();
      List<double[]> low = new java.util.ArrayList<>();
      for (int f = 0; f < folds; f++) {
        high.add(random.doubles(m / folds).map(u -> Normal.quantile(u) + shift).toArray());
        low.add(random.doubles(n / folds).map(Normal::quantile).toArray());
      }
      Auroc a = Auroc.ofFolds(high, low);
      covered += a.lo() <= area && area <= a.hi() ? 1 : 0;
    }
    double share = covered / (double) runs;
    assertTrue(share > 0.93 && share <= 0.995, () -> "covered " + share);
  }
}
