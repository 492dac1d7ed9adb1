package org.alignment4j.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RocTests {
  static Stream<JsonObject> golden() {
    return Golden.cases("auroc").stream();
  }

  @ParameterizedTest
  @MethodSource("golden")
  void agreesWithScikitLearn(JsonObject golden) {
    Roc roc =
        Roc.of(Golden.vector(golden.get("positives")), Golden.vector(golden.get("negatives")));
    assertEquals(golden.get("auroc").getAsDouble(), roc.auroc(), 1e-12);
  }

  /** Few distinct values, so that ties are common. */
  @Provide
  Arbitrary<double[]> scores() {
    return Arbitraries.integers()
        .between(-6, 6)
        .map(i -> i / 4.0)
        .array(Double[].class)
        .ofMinSize(1)
        .ofMaxSize(25)
        .map(a -> Arrays.stream(a).mapToDouble(Double::doubleValue).toArray());
  }

  @Property(tries = 300)
  void areaIsTheShareOfPairsInOrderTiesHalf(
      @ForAll("scores") double[] positives, @ForAll("scores") double[] negatives) {
    double won = 0;
    for (double p : positives) {
      for (double n : negatives) {
        won += p > n ? 1 : p == n ? 0.5 : 0;
      }
    }
    double auroc = Roc.of(positives, negatives).auroc();
    assertEquals(won / (positives.length * negatives.length), auroc, 1e-12);
    assertEquals(1 - auroc, Roc.of(negatives, positives).auroc(), 1e-12);
  }

  @Property(tries = 100)
  void areaIgnoresMonotonicMaps(
      @ForAll("scores") double[] positives, @ForAll("scores") double[] negatives) {
    assertEquals(
        Roc.of(positives, negatives).auroc(),
        Roc.of(
                Arrays.stream(positives).map(Math::exp).toArray(),
                Arrays.stream(negatives).map(Math::exp).toArray())
            .auroc());
  }

  @Property(tries = 300)
  void thresholdIsTheLowestThatKeepsTheRate(
      @ForAll("scores") double[] positives,
      @ForAll("scores") double[] negatives,
      @ForAll @DoubleRange(min = 0, max = 1) double rate) {
    Roc roc = Roc.of(positives, negatives);
    double threshold = roc.thresholdAt(rate);
    Roc.Confusion at = roc.at(threshold);
    assertTrue(at.falsePositiveRate() <= rate + 1e-9);
    // Every lower score as a threshold breaks the rate, so none flags more positives.
    DoubleStream.concat(Arrays.stream(positives), Arrays.stream(negatives))
        .filter(score -> score < threshold)
        .forEach(
            score -> {
              Roc.Confusion lower = roc.at(score);
              assertTrue(lower.falsePositiveRate() > rate || lower.equals(at), "at " + score);
            });
  }

  @Property(tries = 200)
  void confusionAgreesWithCounting(
      @ForAll("scores") double[] positives,
      @ForAll("scores") double[] negatives,
      @ForAll @DoubleRange(min = -2, max = 2) double threshold) {
    Roc.Confusion at = Roc.of(positives, negatives).at(threshold);
    assertEquals(Arrays.stream(positives).filter(s -> s >= threshold).count(), at.truePositives());
    assertEquals(Arrays.stream(negatives).filter(s -> s >= threshold).count(), at.falsePositives());
    assertEquals(positives.length, at.truePositives() + at.falseNegatives());
    assertEquals(negatives.length, at.falsePositives() + at.trueNegatives());
  }

  @Test
  void placesTheThresholdBetweenTheClasses() {
    Roc roc = Roc.of(new double[] {3, 5}, new double[] {0, 1});
    assertEquals(2, roc.thresholdAt(0));
    assertEquals(0.5, roc.thresholdAt(0.5));
    assertEquals(0, roc.thresholdAt(1));
    assertTrue(Roc.of(new double[] {0}, new double[] {1}).thresholdAt(0) > 1);
    assertEquals(1, roc.at(2).recall());
    assertEquals(1, roc.at(2).precision());
    assertEquals(2.0 / 3, roc.at(1).precision());
    assertEquals(1, roc.at(9).precision());
  }

  @Test
  void countsAWholeNumberOfNegativesDespiteRounding() {
    double[] negatives = DoubleStream.iterate(0, i -> i + 1).limit(100).toArray();
    Roc roc = Roc.of(new double[] {1000}, negatives);
    assertEquals(0.29, roc.at(roc.thresholdAt(0.29)).falsePositiveRate());
  }

  @Test
  void refusesNanAndEmptyClasses() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> Roc.of(new double[] {1}, new double[] {0, Double.NaN}));
    assertEquals("negatives: value 1 is NaN, not finite", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> Roc.of(new double[0], new double[] {1}));
    Roc roc = Roc.of(new double[] {1}, new double[] {0});
    assertThrows(IllegalArgumentException.class, () -> roc.thresholdAt(1.5));
    assertThrows(IllegalArgumentException.class, () -> roc.thresholdAt(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> roc.at(Double.NaN));
  }

  /** The example of scikit-learn's average_precision_score, and ties. */
  @Test
  void averagePrecision() {
    assertEquals(
        0.8333333333333333,
        Roc.of(new double[] {0.35, 0.8}, new double[] {0.1, 0.4}).averagePrecision(),
        1e-15);
    // all tied: the share of positives
    assertEquals(0.25, Roc.of(new double[] {1}, new double[] {1, 1, 1}).averagePrecision(), 1e-15);
  }
}
