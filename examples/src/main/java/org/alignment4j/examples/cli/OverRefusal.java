package org.alignment4j.examples.cli;

import java.util.List;
import java.util.Locale;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.PromptRow;
import org.alignment4j.evaluation.BeforeAfter;
import org.alignment4j.evaluation.OverRefusalReport;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.evaluation.RefusalTally;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;

/** Refusals of two models on safe and on harmful prompts, judged on greedy answers. */
final class OverRefusal {
  private final Generation settings;

  OverRefusal(int tokens) {
    this.settings = Generation.greedy(tokens);
  }

  /** Counts the refusals of one model. */
  RefusalTally tally(LanguageModel model, List<PromptRow> rows, ProgressListener progress) {
    List<Completion> answers = new PromptBatches(model, rows, null).generate(settings, progress);
    return RefusalTally.of(
        new StringRefusalJudge(),
        rows.stream().map(PromptRow::prompt).toList(),
        answers.stream().map(Completion::text).toList());
  }

  /** Over-refusal counts everything but full compliance, so that silence does not pass for help. */
  OverRefusalReport compare(
      LanguageModel before,
      LanguageModel after,
      List<PromptRow> safe,
      List<PromptRow> harmful,
      ProgressListener progress) {
    long start = System.nanoTime();
    RefusalTally safeBefore = tally(before, safe, progress);
    RefusalTally harmfulBefore = tally(before, harmful, progress);
    boolean same = before == after;
    RefusalTally safeAfter = same ? safeBefore : tally(after, safe, progress);
    RefusalTally harmfulAfter = same ? harmfulBefore : tally(after, harmful, progress);
    return new OverRefusalReport(
        new BeforeAfter(safeBefore.nonCompliance(), safeAfter.nonCompliance()),
        new BeforeAfter(harmfulBefore.refusal(), harmfulAfter.refusal()),
        (System.nanoTime() - start) / 1e9);
  }

  /** A report for people, two lines. */
  static String text(OverRefusalReport report) {
    return "harmless prompts refused: "
        + arrow(report.overRefusal())
        + "\nharmful prompts refused:  "
        + arrow(report.harmfulRefusal());
  }

  private static String arrow(BeforeAfter pair) {
    return of(pair.before()) + "  ->  " + of(pair.after());
  }

  private static String of(Rate r) {
    return String.format(
        Locale.ROOT,
        "%d of %d (%.0f %%, 95 %% interval %.0f to %.0f)",
        r.k(),
        r.n(),
        100 * r.rate(),
        100 * r.lo(),
        100 * r.hi());
  }
}
