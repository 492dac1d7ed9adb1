package org.alignment4j.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ClusteredBootstrapTests {
  private final Bootstrap bootstrap = new Bootstrap(1000, 0.95, 11);

  @Test
  void drawsEachStratumsOwnNumberOfClusters() {
    bootstrap.clustered(
        new int[] {3, 7},
        counts -> {
          assertEquals(3, Arrays.stream(counts[0]).sum());
          assertEquals(7, Arrays.stream(counts[1]).sum());
          return new double[] {0};
        });
  }

  @Test
  void oneStratumOfSingleItemsIsTheUsualBootstrap() {
    double[] values = Clouds.gaussian(new Random(2), 1, 80, 0)[0];
    Bootstrap.Interval usual = bootstrap.mean(values);
    Bootstrap.Interval found =
        bootstrap
            .clustered(
                new int[] {80},
                counts -> {
                  double sum = 0;
                  for (int i = 0; i < 80; i++) {
                    sum += counts[0][i] * values[i];
                  }
                  return new double[] {sum / 80};
                })
            .get(0);
    assertEquals(usual.estimate(), found.estimate(), 1e-12);
    assertEquals(usual.lo(), found.lo(), 1e-12);
    assertEquals(usual.hi(), found.hi(), 1e-12);
  }

  @Test
  void statisticsOfOneCallArePaired() {
    double[] values = Clouds.gaussian(new Random(2), 1, 30, 0)[0];
    List<Bootstrap.Interval> found =
        bootstrap.clustered(
            new int[] {30},
            counts -> {
              double sum = 0;
              for (int i = 0; i < 30; i++) {
                sum += counts[0][i] * values[i];
              }
              return new double[] {sum, (sum + 2) - sum};
            });
    assertEquals(2, found.get(1).lo(), 1e-9);
    assertEquals(2, found.get(1).hi(), 1e-9);
  }

  @Test
  void whatIsOftenUndefinedHasNoBounds() {
    List<Bootstrap.Interval> found =
        bootstrap.clustered(
            new int[] {2, 40},
            counts ->
                new double[] {
                  counts[0][0] == 0 ? Double.NaN : 1, counts[1][0] >= 5 ? Double.NaN : counts[1][0]
                });
    assertEquals(1, found.get(0).estimate());
    assertTrue(Double.isNaN(found.get(0).lo()) && Double.isNaN(found.get(0).hi()));
    assertEquals(0, found.get(1).lo());
    assertEquals(3, found.get(1).hi());
  }

  @Test
  void refusesEmptyStrata() {
    assertThrows(
        IllegalArgumentException.class,
        () -> bootstrap.clustered(new int[] {3, 0}, c -> new double[0]));
  }
}
