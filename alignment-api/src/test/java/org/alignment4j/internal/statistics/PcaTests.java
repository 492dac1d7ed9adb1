package org.alignment4j.internal.statistics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.Arrays;
import java.util.Collections;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.alignment4j.analysis.Clouds;
import org.alignment4j.analysis.Golden;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PcaTests {
  static Stream<JsonObject> golden() {
    return Golden.cases("pca").stream();
  }

  @ParameterizedTest
  @MethodSource("golden")
  void agreesWithScikitLearn(JsonObject golden) {
    double[][] rows = Golden.matrix(golden.get("rows"));
    double[][] components = Golden.matrix(golden.get("components"));
    Pca pca = Pca.fit(Golden.floats(rows), components.length);
    assertEquals(components.length, pca.size());
    for (int i = 0; i < components.length; i++) {
      assertArrayEquals(components[i], pca.component(i), 1e-10);
    }
    assertArrayEquals(
        Golden.vector(golden.get("explained_variance")), pca.explainedVariance(), 1e-10);
    assertArrayEquals(
        Golden.vector(golden.get("explained_variance_ratio")), pca.explainedVarianceRatio(), 1e-10);
    assertArrayEquals(Golden.vector(golden.get("mean")), pca.mean(), 1e-10);
  }

  @Property(tries = 40)
  void componentsAreOrthonormalAndRebuildTheRows(
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 12) int n,
      @ForAll @IntRange(min = 1, max = 12) int width) {
    double[][] rows = Clouds.gaussian(new Random(seed), n, width, 4);
    Pca pca = Pca.fit(rows, Math.min(n - 1, width));
    for (int i = 0; i < pca.size(); i++) {
      for (int j = 0; j <= i; j++) {
        assertEquals(i == j ? 1 : 0, dot(pca.component(i), pca.component(j)), 1e-7);
      }
    }
    assertEquals(1, Arrays.stream(pca.explainedVarianceRatio()).sum(), 1e-9);
    for (double[] row : rows) {
      double[] coordinates = pca.project(row);
      double[] rebuilt = pca.mean();
      for (int i = 0; i < pca.size(); i++) {
        for (int j = 0; j < width; j++) {
          rebuilt[j] += coordinates[i] * pca.component(i)[j];
        }
      }
      assertArrayEquals(row, rebuilt, 1e-6);
    }
  }

  @Property(tries = 40)
  void ignoresTranslationAndOrderAndFollowsRotation(@ForAll long seed) {
    Random random = new Random(seed);
    double[][] rows = Clouds.gaussian(random, 20, 4, 0);
    for (double[] row : rows) {
      row[0] *= 9;
      row[1] *= 3;
    }
    double[] shift = Clouds.gaussian(random, 1, 4, 50)[0];
    Pca pca = Pca.fit(rows, 2);
    Pca moved = Pca.fit(Clouds.moved(rows, 1, shift), 2);
    double[][] shuffled = rows.clone();
    Collections.shuffle(Arrays.asList(shuffled), random);
    Pca reordered = Pca.fit(shuffled, 2);
    Pca reflected = Pca.fit(Clouds.reflected(rows, shift), 2);
    for (int i = 0; i < 2; i++) {
      assertArrayEquals(pca.component(i), moved.component(i), 1e-8);
      assertArrayEquals(pca.component(i), reordered.component(i), 1e-8);
      double[] image = Clouds.reflected(new double[][] {pca.component(i)}, shift)[0];
      assertEquals(1, Math.abs(dot(image, reflected.component(i))), 1e-8);
    }
    assertArrayEquals(pca.explainedVariance(), reflected.explainedVariance(), 1e-8);
  }

  @Test
  void differencesFindTheCommonShiftAndPointToThePositiveSide() {
    Random random = new Random(9);
    double[][] base = Clouds.gaussian(random, 30, 6, 0);
    double[][] noise = Clouds.gaussian(random, 30, 6, 0);
    double[][] shifted = new double[30][];
    for (int i = 0; i < 30; i++) {
      shifted[i] = base[i].clone();
      for (int j = 0; j < 6; j++) {
        shifted[i][j] += 0.1 * noise[i][j];
      }
      shifted[i][3] -= 2;
    }
    float[][] positive = Golden.floats(shifted);
    float[][] negative = Golden.floats(base);
    double[] direction = Pca.ofDifferences(positive, negative, 1).component(0);
    assertTrue(direction[3] < -0.99, Arrays.toString(direction));
    double[] opposite = Pca.ofDifferences(negative, positive, 1).component(0);
    assertArrayEquals(Arrays.stream(direction).map(v -> -v).toArray(), opposite, 1e-12);
    // Exactly one shift and no noise: the centred form would see nothing at all.
    float[][] exact = {{1, 2}, {4, 6}};
    float[][] origin = {{1, 0}, {4, 4}};
    assertArrayEquals(new double[] {0, 1}, Pca.ofDifferences(exact, origin, 1).component(0), 1e-12);
  }

  @Test
  void leavesOutDimensionsThatTheRowsDoNotSpan() {
    double[][] line = {{1, 1, 1}, {2, 2, 2}, {3, 3, 3}, {4, 4, 4}};
    Pca pca = Pca.fit(line, 3);
    assertEquals(1, pca.size());
    assertEquals(1, pca.explainedVarianceRatio()[0], 1e-12);
    assertEquals(0, Pca.fit(new double[][] {{1, 2}, {1, 2}}, 1).size());
  }

  @Test
  void namesRowAndColumnOfNanAndRefusesCountsOutOfRange() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> Pca.fit(new double[][] {{1, 2}, {Double.NaN, 2}}, 1));
    assertEquals("rows: row 1, column 0 is NaN, not finite", e.getMessage());
    double[][] rows = {{1, 2}, {3, 5}};
    assertThrows(IllegalArgumentException.class, () -> Pca.fit(rows, 2));
    assertThrows(IllegalArgumentException.class, () -> Pca.fit(rows, 0));
    assertThrows(
        IllegalArgumentException.class,
        () -> Pca.ofDifferences(new float[2][3], new float[3][3], 1));
    assertThrows(IllegalArgumentException.class, () -> Pca.fit(rows, 1).project(new double[] {1}));
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
