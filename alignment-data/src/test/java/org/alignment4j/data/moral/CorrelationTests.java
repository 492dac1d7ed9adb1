package org.alignment4j.data.moral;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonObject;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.alignment4j.analysis.Clouds;
import org.alignment4j.analysis.Golden;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CorrelationTests {
  static Stream<JsonObject> golden() {
    return Golden.cases("correlation").stream();
  }

  @ParameterizedTest
  @MethodSource("golden")
  void agreesWithSciPy(JsonObject golden) {
    double[] x = Golden.vector(golden.get("x"));
    double[] y = Golden.vector(golden.get("y"));
    assertEquals(golden.get("pearson").getAsDouble(), Correlation.pearson(x, y), 1e-12);
    assertEquals(golden.get("spearman").getAsDouble(), Correlation.spearman(x, y), 1e-12);
  }

  @Property(tries = 100)
  void pearsonIgnoresPositiveAffineMapsAndFlipsWithNegativeOnes(
      @ForAll long seed, @ForAll @DoubleRange(min = 0.01, max = 1000) double scale) {
    double[][] pair = Clouds.gaussian(new Random(seed), 2, 12, 0);
    double r = Correlation.pearson(pair[0], pair[1]);
    double[] mapped = Arrays.stream(pair[1]).map(v -> v * scale + 7).toArray();
    assertEquals(r, Correlation.pearson(pair[0], mapped), 1e-9);
    assertEquals(r, Correlation.pearson(pair[1], pair[0]), 1e-12);
    double[] negated = Arrays.stream(pair[1]).map(v -> -v).toArray();
    assertEquals(-r, Correlation.pearson(pair[0], negated), 1e-12);
  }

  @Property(tries = 100)
  void spearmanIgnoresMonotonicMaps(@ForAll long seed) {
    double[][] pair = Clouds.gaussian(new Random(seed), 2, 12, 0);
    double[] mapped = Arrays.stream(pair[1]).map(Math::exp).toArray();
    assertEquals(
        Correlation.spearman(pair[0], pair[1]), Correlation.spearman(pair[0], mapped), 1e-12);
    assertEquals(1, Correlation.spearman(pair[1], mapped), 1e-12);
  }

  @Test
  void matrixHoldsThePearsonOfEveryPairOfColumns() {
    double[][] rows = Clouds.gaussian(new Random(5), 30, 4, 2);
    double[][] matrix = Correlation.matrix(rows);
    for (int i = 0; i < 4; i++) {
      for (int j = 0; j < 4; j++) {
        assertEquals(Correlation.pearson(column(rows, i), column(rows, j)), matrix[i][j], 1e-12);
      }
    }
    assertEquals(1, matrix[2][2]);
  }

  @Test
  void survivesTinyAndHugeValues() {
    double[] x = {1, 2, 4};
    double[] tiny = {1e-200, 2e-200, 4e-200};
    double[] huge = {1e300, 2e300, 4e300};
    assertEquals(1, Correlation.pearson(x, tiny), 1e-12);
    assertEquals(1, Correlation.pearson(x, huge), 1e-12);
  }

  @Test
  void refusesWhatHasNoCorrelation() {
    double[] x = {1, 2, 3};
    IllegalArgumentException constant =
        assertThrows(
            IllegalArgumentException.class,
            () -> Correlation.pearson(x, new double[] {0.1, 0.1, 0.1}));
    assertEquals("y is constant, its correlation is undefined", constant.getMessage());
    assertThrows(IllegalArgumentException.class, () -> Correlation.pearson(x, new double[] {1, 2}));
    assertThrows(
        IllegalArgumentException.class,
        () -> Correlation.spearman(x, new double[] {1, Double.NaN, 2}));
    IllegalArgumentException nan =
        assertThrows(
            IllegalArgumentException.class,
            () -> Correlation.matrix(new double[][] {{1, 2}, {Double.NaN, 3}}));
    assertEquals("rows: row 1, column 0 is NaN, not finite", nan.getMessage());
  }

  private static double[] column(double[][] rows, int j) {
    return Arrays.stream(rows).mapToDouble(row -> row[j]).toArray();
  }
}
