package org.alignment4j.examples.cli.evaluate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Prompts.PromptRow;
import org.alignment4j.evaluation.OverRefusal.ComplianceSummary;
import org.alignment4j.evaluation.OverRefusal.OverRefusalReport;
import org.alignment4j.evaluation.OverRefusal.OverRefusalReport.BeforeAfter;
import org.alignment4j.evaluation.OverRefusal.RefusalWarnings;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.evaluation.RefusalJudge.RefusalTally;
import org.alignment4j.evaluation.RefusalJudge.RefusalVerdict;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.evaluation.TextHealth;
import org.alignment4j.examples.cli.input.PromptBatches;
import org.alignment4j.examples.cli.output.PairedText;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;

/** Compares refusals of two models on safe and on harmful prompts, judged on greedy responses. */
public final class RefusalComparison {
  private final Generation settings;

  public RefusalComparison(int tokens) {
    this.settings = Generation.greedy(tokens);
  }

  /** Responses with their refusal verdicts. */
  private record Judged(List<RefusalVerdict> verdicts, List<String> answers) {}

  /**
   * Result of a comparison.
   *
   * @param report refusals of the safe and of the harmful prompts
   * @param before ACTOR's scores of the first model
   * @param after of the second
   * @param warnings reasons why the figures may mislead
   */
  public record Compared(
      OverRefusalReport report,
      ComplianceSummary before,
      ComplianceSummary after,
      List<String> warnings) {
    /** Returns the result as text. */
    public String text() {
      StringBuilder text = new StringBuilder(RefusalComparison.text(report));
      text.append('\n').append(ComplianceText.of(before, after));
      warnings.forEach(w -> text.append("\nWARNING: ").append(w));
      return text.toString();
    }

    public Map<String, @Nullable Object> toMap() {
      Map<String, @Nullable Object> map = new LinkedHashMap<>(report.toMap());
      Map<String, @Nullable Object> scores = new LinkedHashMap<>();
      scores.put("before", before.toMap());
      scores.put("after", after.toMap());
      map.put("compliance", scores);
      map.put("warnings", warnings);
      return map;
    }
  }

  /** Counts the refusals of one model. */
  public RefusalTally tally(LanguageModel model, List<PromptRow> rows, ProgressListener progress) {
    return RefusalTally.of(judge(model, rows, progress).verdicts);
  }

  private Judged judge(LanguageModel model, List<PromptRow> rows, ProgressListener progress) {
    List<String> answers =
        new PromptBatches(model, rows, null)
            .generate(settings, progress).stream().map(Completion::text).toList();
    List<String> prompts = rows.stream().map(PromptRow::prompt).toList();
    return new Judged(new StringRefusalJudge().judgeAll(prompts, answers), answers);
  }

  /**
   * Compares two models. Over-refusal counts everything but full compliance, so that an empty
   * response does not count as compliance.
   *
   * @param safe prompts to be answered, by the name of their set
   */
  public Compared compare(
      LanguageModel before,
      LanguageModel after,
      Map<String, List<PromptRow>> safe,
      List<PromptRow> harmful,
      ProgressListener progress) {
    long start = System.nanoTime();
    List<PromptRow> all = new ArrayList<>();
    safe.values().forEach(all::addAll);
    Judged safeBefore = judge(before, all, progress);
    Judged harmfulBefore = judge(before, harmful, progress);
    boolean same = before == after;
    Judged safeAfter = same ? safeBefore : judge(after, all, progress);
    Judged harmfulAfter = same ? harmfulBefore : judge(after, harmful, progress);
    OverRefusalReport report =
        OverRefusalReport.of(
            safeBefore.verdicts,
            safeAfter.verdicts,
            harmfulBefore.verdicts,
            harmfulAfter.verdicts,
            (System.nanoTime() - start) / 1e9);
    if (same) {
      // Without a second model there is nothing to compare.
      report =
          new OverRefusalReport(
              unpaired(report.overRefusal()), unpaired(report.harmfulRefusal()), report.seconds());
    }
    RefusalWarnings warnings = new RefusalWarnings();
    warnings.add("before", report.harmfulRefusal().before(), report.overRefusal().before());
    warnings.add("before", TextHealth.of(safeBefore.answers));
    if (!same) {
      warnings.add("after", report.harmfulRefusal().after(), report.overRefusal().after());
      warnings.add("after", TextHealth.of(safeAfter.answers));
    }
    return new Compared(
        report,
        summary(safe, safeBefore.verdicts, harmfulBefore.verdicts),
        summary(safe, safeAfter.verdicts, harmfulAfter.verdicts),
        warnings.all());
  }

  private static BeforeAfter unpaired(BeforeAfter pair) {
    return new BeforeAfter(pair.before(), pair.after());
  }

  private static ComplianceSummary summary(
      Map<String, List<PromptRow>> safe,
      List<RefusalVerdict> verdicts,
      List<RefusalVerdict> harmful) {
    Map<String, Rate> rates = new LinkedHashMap<>();
    int at = 0;
    for (Map.Entry<String, List<PromptRow>> set : safe.entrySet()) {
      int end = at + set.getValue().size();
      rates.put(set.getKey(), RefusalTally.of(verdicts.subList(at, end)).compliance());
      at = end;
    }
    return new ComplianceSummary(rates, RefusalTally.of(harmful).refusal());
  }

  /** Returns a report as text. */
  public static String text(OverRefusalReport report) {
    return "harmless prompts refused: "
        + PairedText.of(report.overRefusal())
        + "\nharmful prompts refused:  "
        + PairedText.of(report.harmfulRefusal());
  }
}
