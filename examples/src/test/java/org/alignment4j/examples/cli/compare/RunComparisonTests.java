package org.alignment4j.examples.cli.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.evaluation.PreferenceReport;
import org.alignment4j.evaluation.PreferenceReport.PairScore;
import org.alignment4j.examples.cli.tune.PreferenceControl;
import org.junit.jupiter.api.Test;

/** Which runs are compared, and by how much, with figures by hand. */
class RunComparisonTests {
  private static final Bootstrap BOOTSTRAP = new Bootstrap(200, 0.95, 3);

  /** A run on as many pairs as there are margins, each of its own prompt. */
  private static ComparedRun run(
      String method, PreferenceControl control, long seed, double... margins) {
    List<PairScore> pairs = new ArrayList<>();
    for (int i = 0; i < margins.length; i++) {
      // Of two tokens each.
      pairs.add(new PairScore("p" + i, i, -8 + 2 * margins[i], -8, 2, 2, 0));
    }
    return new ComparedRun(
        method,
        control,
        seed,
        "",
        1,
        false,
        null,
        Map.of(),
        new PreferenceReport(pairs, List.of(), List.of(), BOOTSTRAP),
        null);
  }

  private static final List<ComparedRun> RUNS =
      List.of(
          run(ComparedRun.START, PreferenceControl.NONE, 0, 0, 0),
          run("dpo", PreferenceControl.NONE, 1, 1, 2),
          run("dpo", PreferenceControl.SWAPPED, 1, -1, 1),
          run("rahf-dual", PreferenceControl.NONE, 1, 3, -1),
          run("rahf-dual", PreferenceControl.RANDOM, 1, 1, 0),
          run("dpo", PreferenceControl.NONE, 2, 1, 4),
          run("dpo", PreferenceControl.SWAPPED, 2, -3, 1),
          run("rahf-dual", PreferenceControl.NONE, 2, 1, 1));

  private static String name(RunComparison c) {
    return c.setting() + " - " + c.baseline() + " " + c.seed();
  }

  private static RunComparison found(String name) {
    return RunComparison.all(RUNS).stream()
        .filter(c -> name(c).equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aControlIsComparedWithItsOwnMethodOfTheSameSeed() {
    assertEquals(
        List.of(
            "dpo - start 1",
            "dpo - start 2",
            "dpo - start all seeds",
            "dpo, swapped - dpo 1",
            "dpo, swapped - dpo 2",
            "dpo, swapped - dpo all seeds",
            "dpo, swapped - start 1",
            "dpo, swapped - start 2",
            "dpo, swapped - start all seeds",
            "rahf-dual - start 1",
            "rahf-dual - start 2",
            "rahf-dual - start all seeds",
            "rahf-dual - dpo 1",
            "rahf-dual - dpo 2",
            "rahf-dual - dpo all seeds",
            "rahf-dual, random - rahf-dual 1",
            "rahf-dual, random - start 1",
            "rahf-dual, random - dpo 1"),
        RunComparison.all(RUNS).stream().map(RunComparisonTests::name).toList());
  }

  @Test
  void differencesAreThoseOfTheFigures() {
    RunComparison random = found("rahf-dual, random - rahf-dual 1");
    assertEquals((1 - 3 + 0 + 1) / 2.0, random.margin().estimate(), 1e-12);
    assertEquals((0 + 0.5) / 2, random.accuracy().estimate(), 1e-12);
    RunComparison one = found("dpo, swapped - dpo 1");
    assertEquals((-2 - 1) / 2.0, one.margin().estimate(), 1e-12);
    assertEquals((-1 + 0) / 2.0, one.accuracy().estimate(), 1e-12);
  }

  @Test
  void seedsArePooledPairByPair() {
    RunComparison all = found("dpo, swapped - dpo all seeds");
    // pair 0: -2 and -4; pair 1: -1 and -3
    assertEquals(BOOTSTRAP.mean(new double[] {-3, -2}), all.margin());
    assertEquals(BOOTSTRAP.mean(new double[] {-1, 0}), all.accuracy());
    assertEquals(List.of(1L, 2L), all.seeds());
    RunComparison dual = found("rahf-dual - dpo all seeds");
    // pair 0: 2 and 0; pair 1: -3 and -3
    assertEquals(BOOTSTRAP.mean(new double[] {1, -3}), dual.margin());
    Map<String, ?> json = dual.toMap();
    assertEquals(-1, (double) json.get("margin_difference"), 1e-12);
    assertTrue(json.containsKey("seed") && json.get("seed") == null);
    assertEquals(1L, found("rahf-dual - dpo 1").toMap().get("seed"));
    RunComparison start = found("dpo - start all seeds");
    assertEquals(BOOTSTRAP.mean(new double[] {0.5, 0.5}), start.accuracy());
    // Two differences of one sign: two of the four flips are as far from 0.
    assertEquals(0.5, start.p(), 1e-12);
    assertEquals(1, start.adjusted(), 1e-12);
    // (1.95996 + 0.84162) sqrt(1 / 2) / sqrt(2): the spread is at least that of one prompt.
    assertEquals(1.40079, start.detectable(), 1e-5);
    assertTrue(Double.isNaN(found("dpo - start 1").adjusted()));
    String table = ComparedRuns.of(RUNS).markdown();
    assertTrue(
        table.contains("| **rahf-dual** | dpo | all seeds | -0.250 (-0.500 to +0.000) | -1.0000"),
        table);
  }
}
