package org.alignment4j.examples.cli.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.analysis.Holm;
import org.alignment4j.evaluation.PreferenceReport;
import org.alignment4j.evaluation.PreferenceReport.PairScore;
import org.alignment4j.examples.cli.tune.PreferenceControl;
import org.alignment4j.examples.report.Power;
import org.alignment4j.internal.statistics.SignFlip;
import org.jspecify.annotations.Nullable;

/**
 * Difference between a method, or a control, and a baseline on the same pairs and with the same
 * seeds.
 *
 * @param setting the run's setting
 * @param baseline the start model, SFT, DPO, or the control's own method without the control
 * @param seeds a single seed, or all that both were run with
 * @param accuracy difference of pair accuracy, with its paired interval
 * @param margin difference of the mean margin, in nats per token
 * @param p two-sided p-value of equal pair accuracy, by sign flips of the prompts' differences
 * @param adjusted the same after Holm over all comparisons of as many seeds as there are; NaN for
 *     those of fewer
 * @param detectable smallest difference of pair accuracy that four of five studies would find
 */
record RunComparison(
    String setting,
    String baseline,
    List<Long> seeds,
    Interval accuracy,
    Interval margin,
    double p,
    double adjusted,
    double detectable) {
  /** What all others are compared with. */
  private static final List<String> BASELINES = List.of(ComparedRun.START, "sft", "dpo");

  private static final SignFlip TEST = new SignFlip(10_000, 1);

  /** A run and its baseline. */
  private record Match(ComparedRun own, ComparedRun other) {}

  /** Compares every setting with each of its baselines: for each seed, then over all seeds. */
  static List<RunComparison> all(List<ComparedRun> runs) {
    List<RunComparison> all = new ArrayList<>();
    for (String setting : runs.stream().map(ComparedRun::setting).distinct().toList()) {
      if (setting.equals(ComparedRun.START)) {
        continue;
      }
      List<ComparedRun> own = runs.stream().filter(r -> r.setting().equals(setting)).toList();
      for (String baseline : baselines(own.get(0))) {
        List<Match> matches = new ArrayList<>();
        for (ComparedRun run : own) {
          Optional<ComparedRun> other =
              runs.stream()
                  .filter(r -> r.is(baseline, PreferenceControl.NONE, seed(baseline, run)))
                  .findFirst();
          other.ifPresent(r -> matches.add(new Match(run, r)));
        }
        matches.forEach(m -> all.add(of(List.of(m))));
        if (matches.size() > 1) {
          all.add(of(matches));
        }
      }
    }
    return adjusted(all);
  }

  private Set<String> both() {
    return Set.of(setting, baseline);
  }

  /** The start model has no seed. */
  private static long seed(String baseline, ComparedRun run) {
    return baseline.equals(ComparedRun.START) ? 0 : run.seed();
  }

  private static List<RunComparison> adjusted(List<RunComparison> all) {
    int most = all.stream().mapToInt(c -> c.seeds.size()).max().orElse(0);
    // Of two methods each is compared with the other: one test.
    Map<Set<String>, Double> tests = new LinkedHashMap<>();
    all.stream().filter(c -> c.seeds.size() == most).forEach(c -> tests.putIfAbsent(c.both(), c.p));
    double[] p = Holm.adjusted(tests.values().stream().mapToDouble(v -> v).toArray());
    int at = 0;
    for (Map.Entry<Set<String>, Double> test : tests.entrySet()) {
      test.setValue(p[at++]);
    }
    List<RunComparison> done = new ArrayList<>();
    for (RunComparison c : all) {
      double own =
          c.seeds.size() == most ? Objects.requireNonNull(tests.get(c.both())) : Double.NaN;
      done.add(
          new RunComparison(
              c.setting, c.baseline, c.seeds, c.accuracy, c.margin, c.p, own, c.detectable));
    }
    return done;
  }

  /**
   * Returns a run's baselines. A control's own method comes first; nothing is compared with itself.
   */
  private static Set<String> baselines(ComparedRun run) {
    Set<String> baselines = new LinkedHashSet<>();
    if (run.control() != PreferenceControl.NONE) {
      baselines.add(run.method());
    }
    baselines.addAll(BASELINES);
    baselines.remove(run.setting());
    return baselines;
  }

  private static RunComparison of(List<Match> matches) {
    List<PreferenceReport> own = matches.stream().map(m -> m.own.report()).toList();
    List<PreferenceReport> others = matches.stream().map(m -> m.other.report()).toList();
    Match first = matches.get(0);
    Interval accuracy = PreferenceReport.compare(own, others, PairScore::correct);
    double[] byPrompt = byPrompt(own, others);
    return new RunComparison(
        first.own.setting(),
        first.other.setting(),
        matches.stream().map(m -> m.own.seed()).toList(),
        accuracy,
        PreferenceReport.compare(own, others, PairScore::margin),
        TEST.pValue(byPrompt),
        Double.NaN,
        Power.detectable(byPrompt));
  }

  /**
   * The sum of the differences of each prompt's pairs, averaged over the runs, in units whose mean
   * is that of the pairs: several pairs of one prompt go together.
   */
  private static double[] byPrompt(List<PreferenceReport> own, List<PreferenceReport> others) {
    Map<Integer, Double> sums = new LinkedHashMap<>();
    int n = 0;
    for (int r = 0; r < own.size(); r++) {
      for (int i = 0; i < own.get(r).pairs().size(); i++) {
        PairScore a = own.get(r).pairs().get(i);
        sums.merge(a.prompt(), a.correct() - others.get(r).pairs().get(i).correct(), Double::sum);
        n++;
      }
    }
    double unit = (double) sums.size() / n;
    return sums.values().stream().mapToDouble(s -> s * unit).toArray();
  }

  /** Returns the seed, or "all seeds". */
  String seed() {
    return seeds.size() == 1 ? seeds.get(0).toString() : "all seeds";
  }

  /** Returns the values by name, for JSON; {@code seed} is null if there are several. */
  Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("method", setting);
    map.put("compared_with", baseline);
    map.put("seed", seeds.size() == 1 ? seeds.get(0) : null);
    map.put("seeds", seeds);
    map.put("difference", accuracy.estimate());
    map.put("lo", accuracy.lo());
    map.put("hi", accuracy.hi());
    map.put("margin_difference", margin.estimate());
    map.put("margin_lo", margin.lo());
    map.put("margin_hi", margin.hi());
    map.put("p", p);
    map.put("p_holm", Double.isNaN(adjusted) ? null : adjusted);
    map.put("detectable", detectable);
    return map;
  }
}
