package org.alignment4j.examples.report;

import java.util.List;
import java.util.Map;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.evaluation.PreferenceReport;

/** A comparison of methods that learn from preferences, as one page. */
public final class PreferencePage {
  private PreferencePage() {}

  /**
   * A measured model.
   *
   * @param name method, control and seed
   * @param seconds duration of tuning; NaN if nothing was tuned
   * @param peakMib peak memory of the process while tuning; NaN if unknown
   */
  public record Run(String name, PreferenceReport report, double seconds, double peakMib) {}

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
