package org.alignment4j.examples.report;

import java.util.List;
import java.util.Map;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.evaluation.PreferenceReport;
import org.alignment4j.evaluation.WinRate;
import org.jspecify.annotations.Nullable;

/** A comparison of methods that learn from preferences, as one page. */
public final class PreferencePage {
  private PreferencePage() {}

  /**
   * A measured model.
   *
   * @param name method, control and seed
   * @param winRate against the start model's responses; null if nothing was judged
   * @param seconds duration of tuning; NaN if nothing was tuned
   * @param peakMib peak memory of the process while tuning; NaN if unknown
   */
  public record Run(
      String name,
      PreferenceReport report,
      @Nullable WinRate winRate,
      double seconds,
      double peakMib) {}

  /**
   * A difference between two settings on the same pairs.
   *
   * @param p two-sided p-value of equal pair accuracy
   * @param adjusted the same after Holm; NaN if it is not among the tests that are corrected
   * @param detectable smallest difference of accuracy that four of five studies would find
   */
  public record Difference(
      String name,
      Interval accuracy,
      Interval margin,
      double p,
      double adjusted,
      double detectable) {}

  /**
   * Returns the page, which loads no resources and runs no scripts; the same figures yield the same
   * text.
   *
   * @param title the page's heading
   * @param protocol how it was measured, a paragraph each
   * @param svg the figure
   */
  public static String of(
      String title,
      List<String> protocol,
      List<Run> runs,
      List<Difference> differences,
      String svg) {
    HtmlPage page = new HtmlPage(title);
    page.heading(2, "How it was measured");
    page.list(false, protocol);
    page.heading(2, "Held-out pairs");
    page.table(runs(runs));
    page.plots(Map.of("Pair accuracy against divergence from the start model", svg));
    page.heading(2, "Differences on the same pairs");
    page.table(differences(differences));
    page.heading(2, "Responses and cost");
    page.table(others(runs));
    if (runs.stream().anyMatch(r -> r.winRate() != null)) {
      page.table(judged(runs));
    }
    return page.html();
  }

  private static Table runs(List<Run> runs) {
    Table table =
        new Table(
            "Share of pairs whose chosen response is more probable, with 95 % intervals over"
                + " prompts; divergence from the start model on chosen responses",
            List.of(
                "Run",
                "Pair accuracy, per token",
                "By sum",
                "Margin, nats per token",
                "KL, nats per token"));
    for (Run r : runs) {
      table.row(
          r.name(),
          List.of(
              percent(r.report().accuracy()),
              percent(r.report().accuracyBySum()),
              score(r.report().margin()),
              score(r.report().divergence())));
    }
    return table;
  }

  private static Table differences(List<Difference> differences) {
    Table table =
        new Table(
            "Paired differences with 95 % intervals over prompts; p-values of accuracy are"
                + " two-sided, by sign flips, then after Holm. Detectable: what this number of"
                + " prompts would show in four of five studies",
            List.of("Difference", "Pair accuracy", "Margin", "p", "p, Holm", "Detectable"));
    for (Difference d : differences) {
      table.row(
          d.name(),
          List.of(
              score(d.accuracy()),
              score(d.margin()),
              Table.Cell.number(Figures.pValue(d.p())),
              Table.Cell.number(Figures.pValue(d.adjusted())),
              Table.Cell.number(Figures.score(d.detectable()))));
    }
    return table;
  }

  private static Table others(List<Run> runs) {
    Table table =
        new Table(
            "Greedy responses to held-out prompts, and what tuning took",
            List.of(
                "Run",
                "Tokens",
                "At the limit",
                "Repeated 4-grams",
                "Distinct 2-grams",
                "Seconds",
                "Peak memory, MiB"));
    for (Run r : runs) {
      table.numbers(
          r.name(),
          Figures.fixed(r.report().length().estimate(), 1),
          Figures.percent(r.report().atLimit().rate()),
          Figures.percent(r.report().repetition().estimate()),
          Figures.percent(r.report().distinct2().estimate()),
          number(r.seconds()),
          number(r.peakMib()));
    }
    return table;
  }

  private static Table judged(List<Run> runs) {
    Table table =
        new Table(
            "Responses judged against the start model's to the same prompts, each pair in both"
                + " orders; where these disagree it is a tie. Win rates count ties half, with 95 %"
                + " intervals over prompts; at 50 % the models are equal. A judge that mostly"
                + " prefers what it is shown first says little",
            List.of("Run", "Win rate", "Won", "Tied", "Lost", "First preferred"));
    for (Run r : runs) {
      WinRate w = r.winRate();
      if (w != null) {
        table.row(
            r.name(),
            List.of(
                percent(w.winRate()),
                Table.Cell.number(Long.toString(w.wins().k())),
                Table.Cell.number(Long.toString(w.ties().k())),
                Table.Cell.number(Long.toString(w.losses().k())),
                Table.Cell.number(Figures.percent(w.firstPreferred().rate()))));
      }
    }
    return table;
  }

  private static String number(double value) {
    return Double.isFinite(value) ? Figures.fixed(value, 0) : Figures.NONE;
  }

  private static Table.Cell percent(Interval i) {
    return Table.Cell.number(
        Figures.percent(i.estimate()),
        Double.isFinite(i.lo()) ? Figures.percent(i.lo()) + " to " + Figures.percent(i.hi()) : "");
  }

  private static Table.Cell score(Interval i) {
    return Table.Cell.number(Figures.score(i.estimate()), Figures.interval(i.lo(), i.hi()));
  }
}
