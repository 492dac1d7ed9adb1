package org.alignment4j.examples.cli.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.evaluation.PreferenceReport;
import org.alignment4j.evaluation.PreferenceReport.PairScore;
import org.alignment4j.examples.cli.tune.PreferenceControl;
import org.jspecify.annotations.Nullable;

/**
 * What a method, or a control, has more than a rival, on the same pairs and with the same seeds.
 *
 * @param setting of the run
 * @param rival SFT, DPO, or the control's own method without the control
 * @param seeds one, or all that both were run with
 * @param accuracy difference of pair accuracy, with its paired interval
 * @param margin difference of the mean margin, in nats per token
 */
record RunComparison(
    String setting, String rival, List<Long> seeds, Interval accuracy, Interval margin) {
  /** The methods that all others are compared with. */
  private static final List<String> RIVALS = List.of("sft", "dpo");

  /** A run and the one it is compared with. */
  private record Match(ComparedRun own, ComparedRun other) {}

  /** Every setting against each of its rivals: a comparison for each seed, then one for all. */
  static List<RunComparison> all(List<ComparedRun> runs) {
    List<RunComparison> all = new ArrayList<>();
    for (String setting : runs.stream().map(ComparedRun::setting).distinct().toList()) {
      List<ComparedRun> own = runs.stream().filter(r -> r.setting().equals(setting)).toList();
      for (String rival : rivals(own.get(0))) {
        List<Match> matches = new ArrayList<>();
        for (ComparedRun run : own) {
          Optional<ComparedRun> other =
              runs.stream()
                  .filter(r -> r.is(rival, PreferenceControl.NONE, run.seed()))
                  .findFirst();
          other.ifPresent(r -> matches.add(new Match(run, r)));
        }
        matches.forEach(m -> all.add(of(List.of(m))));
        if (matches.size() > 1) {
          all.add(of(matches));
        }
      }
    }
    return all;
  }

  /** A control's own method comes first; nothing is compared with itself. */
  private static Set<String> rivals(ComparedRun run) {
    Set<String> rivals = new LinkedHashSet<>();
    if (run.control() != PreferenceControl.NONE) {
      rivals.add(run.method());
    }
    rivals.addAll(RIVALS);
    rivals.remove(run.setting());
    return rivals;
  }

  private static RunComparison of(List<Match> matches) {
    List<PreferenceReport> own = matches.stream().map(m -> m.own.report()).toList();
    List<PreferenceReport> others = matches.stream().map(m -> m.other.report()).toList();
    Match first = matches.get(0);
    return new RunComparison(
        first.own.setting(),
        first.other.setting(),
        matches.stream().map(m -> m.own.seed()).toList(),
        PreferenceReport.compare(own, others, PairScore::correct),
        PreferenceReport.compare(own, others, PairScore::margin));
  }

  /** The seed, or that these are all. */
  String seed() {
    return seeds.size() == 1 ? seeds.get(0).toString() : "all seeds";
  }

  /** By name, for JSON: {@code seed} is null where there are several. */
  Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("method", setting);
    map.put("compared_with", rival);
    map.put("seed", seeds.size() == 1 ? seeds.get(0) : null);
    map.put("seeds", seeds);
    map.put("difference", accuracy.estimate());
    map.put("lo", accuracy.lo());
    map.put("hi", accuracy.hi());
    map.put("margin_difference", margin.estimate());
    map.put("margin_lo", margin.lo());
    map.put("margin_hi", margin.hi());
    return map;
  }
}
