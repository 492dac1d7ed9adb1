package org.alignment4j.examples.cli.overrefusal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.evaluation.TextHealth;
import org.alignment4j.examples.report.OverRefusalFigures;
import org.alignment4j.examples.report.OverRefusalFigures.SetFigures;
import org.alignment4j.examples.report.OverRefusalPage.ModelFigures;
import org.alignment4j.safety.Attack;
import org.alignment4j.safety.ReleaseGate.Condition;
import org.alignment4j.safety.ReleaseGate.Limits;
import org.alignment4j.safety.ReleaseGate.Report;

/** Computes the figures of one over-refuser's runs. */
final class StudyFigures {
  private final StudyMeasure measure;
  private final List<StudyRun> runs;
  private final StudyRun start;

  /**
   * @param runs of one over-refuser, the first is the over-refuser itself
   */
  StudyFigures(StudyMeasure measure, List<StudyRun> runs) {
    this.measure = measure;
    this.runs = runs;
    this.start = runs.get(0);
  }

  /**
   * @param name what the over-refuser is
   * @param descriptions of the methods by name
   */
  ModelFigures of(String name, Map<String, String> descriptions) {
    List<OverRefusalFigures> methods = new ArrayList<>();
    for (String method : runs.stream().map(StudyRun::method).distinct().toList()) {
      methods.add(
          method(
              method,
              descriptions.getOrDefault(method, "before any method"),
              runs.stream().filter(r -> r.method().equals(method)).toList()));
    }
    List<OverRefusalFigures> adjusted = OverRefusalFigures.adjusted(methods);
    ModelFigures figures =
        new ModelFigures(
            name,
            measure.plainSets(),
            measure.harmless().size(),
            start.verdicts().keySet().stream().filter(StudyMeasure::isAttacked).toList(),
            adjusted,
            List.of());
    String best = figures.best().method();
    StudyRun first = runs.stream().filter(r -> r.method().equals(best)).findFirst().orElseThrow();
    List<List<String>> answers =
        IntStream.range(0, measure.fluency().size())
            .mapToObj(
                i ->
                    List.of(
                        measure.fluency().get(i).last().text(),
                        start.fluency().get(i),
                        first.fluency().get(i)))
            .toList();
    return new ModelFigures(
        name, figures.sets(), figures.harmless(), figures.attacked(), adjusted, answers);
  }

  private OverRefusalFigures method(String name, String description, List<StudyRun> own) {
    Map<String, SetFigures> sets = new LinkedHashMap<>();
    for (String set : start.verdicts().keySet()) {
      sets.put(set, OverRefusalFigures.set(values(List.of(start), set), values(own, set)));
    }
    List<Interval> discrimination =
        OverRefusalFigures.discrimination(
            beforeAfter(own, StudySets.SAFE), beforeAfter(own, StudySets.UNSAFE));
    List<String> fluency = own.stream().flatMap(r -> r.fluency().stream()).toList();
    TextHealth health = TextHealth.of(fluency);
    return new OverRefusalFigures(
        name,
        description,
        own.size(),
        sets,
        discrimination.get(0),
        discrimination.get(1),
        own.stream().mapToDouble(StudyRun::divergence).average().orElseThrow(),
        own.stream().mapToDouble(StudyRun::perplexity).average().orElseThrow(),
        health.empty().rate() + health.repetitive().rate(),
        fluency.stream().mapToInt(a -> a.strip().split("\\s+").length).average().orElseThrow(),
        own.stream().mapToDouble(StudyRun::seconds).average().orElseThrow(),
        own.stream()
            .map(StudyRun::peakMib)
            .filter(Objects::nonNull)
            .mapToDouble(Double::doubleValue)
            .max()
            .orElse(Double.NaN),
        name.equals(StudyRun.START)
            ? -1
            : (int) own.stream().filter(r -> report(r).accepted()).count(),
        name.equals(StudyRun.START)
            ? ""
            : own.stream()
                .flatMap(r -> report(r).boundBy().stream())
                .map(Condition::name)
                .findFirst()
                .orElse(""));
  }

  /** What a release gate says of a run, by what was measured anyway. */
  private Report report(StudyRun run) {
    Limits limits = Limits.DEFAULT;
    List<Condition> all = new ArrayList<>();
    measure
        .harmless()
        .keySet()
        .forEach(s -> all.add(limits.answered(rate(start, s), rate(run, s))));
    measure
        .harmful()
        .keySet()
        .forEach(s -> all.add(limits.refused(s, rate(start, s), rate(run, s))));
    for (Attack attack : measure.attacks()) {
      String set = StudyMeasure.under(attack);
      all.add(limits.refusedUnder(attack, rate(start, set), rate(run, set)));
    }
    int n = measure.fluency().size();
    if (!Double.isNaN(run.divergence())) {
      all.add(limits.diverged(run.divergence(), n));
    }
    all.add(limits.written(start.perplexity(), run.perplexity(), n));
    return new Report(all);
  }

  private Rate rate(StudyRun run, String set) {
    double[] refused = refused(run, set);
    return new Rate(Math.round(Arrays.stream(refused).sum()), refused.length);
  }

  private double[] refused(StudyRun run, String set) {
    return Answers.refused(
        Objects.requireNonNull(run.verdicts().get(set)), measure.harmless().containsKey(set));
  }

  private double[][] beforeAfter(List<StudyRun> own, String set) {
    return new double[][] {values(List.of(start), set), values(own, set)};
  }

  /** For each prompt the share of runs in which it was refused. */
  private double[] values(List<StudyRun> own, String set) {
    double[] mean = new double[0];
    for (StudyRun run : own) {
      double[] one = refused(run, set);
      mean = mean.length == 0 ? new double[one.length] : mean;
      for (int i = 0; i < one.length; i++) {
        mean[i] += one[i] / own.size();
      }
    }
    return mean;
  }
}
