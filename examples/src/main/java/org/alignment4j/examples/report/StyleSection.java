package org.alignment4j.examples.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.synthesis.SynthesisReport;
import org.alignment4j.synthesis.SynthesisReport.StyleBaseline;

/** Section on whether training on the pairs may learn their style only. */
final class StyleSection {
  private static final String ALL = "all";

  /** Above this share, style alone separates chosen from rejected well. */
  private static final double MUCH_MORE_THAN_HALF = 0.6;

  /** With fewer pairs, the better of two rules often exceeds a half by chance. */
  private static final int FEW = 50;

  private final SynthesisReport report;

  StyleSection(SynthesisReport report) {
    this.report = report;
  }

  void addTo(HtmlPage page) {
    page.heading(2, "Does style alone separate chosen from rejected?");
    page.paragraph(
        "If length alone or a refusal alone identifies the chosen response in much more than"
            + " half of the pairs, training may learn style only.");
    StyleBaseline all = report.styles().get(ALL);
    if (report.pairs() == 0 || all == null) {
      page.paragraph("There are no pairs.");
      return;
    }
    page.notice(verdict(all));
    List<Ranges.Row> rows = new ArrayList<>();
    Table table =
        new Table(
            "How well style identifies the chosen response; rates with 95 % intervals",
            List.of(
                "Category",
                "Identified by length",
                "Identified by refusal",
                "Chosen is longer",
                "Chosen refuses",
                "Rejected refuses"));
    Map<String, StyleBaseline> ordered = new LinkedHashMap<>();
    ordered.put(ALL, all);
    ordered.putAll(report.styles());
    ordered.forEach(
        (category, style) -> {
          rows.add(
              new Ranges.Row(
                  SynthesisFunnel.name(category),
                  List.of(
                      alone(100 * style.lengthAccuracy()), alone(100 * style.refusalAccuracy()))));
          table.row(
              SynthesisFunnel.name(category),
              List.of(
                  Table.Cell.number(Figures.percent(style.lengthAccuracy())),
                  Table.Cell.number(Figures.percent(style.refusalAccuracy())),
                  rate(style.chosenLonger()),
                  rate(style.chosenRefuses()),
                  rate(style.rejectedRefuses())));
        });
    page.plots(
        Map.of(
            "Pairs ranked correctly by style alone; the dashed line is chance",
            new Ranges(
                    "Pairs ranked correctly by style alone",
                    "Percent of pairs that length alone and a refusal alone rank correctly.",
                    "% of pairs",
                    50,
                    List.of("length alone", "refusal alone"),
                    rows,
                    false)
                .svg()));
    page.table(table);
  }

  private static Ranges.Point alone(double value) {
    return new Ranges.Point(value, Double.NaN, Double.NaN);
  }

  private String verdict(StyleBaseline all) {
    double best = Math.max(all.lengthAccuracy(), all.refusalAccuracy());
    String figures =
        "Over all pairs, length alone ranks "
            + Figures.percent(all.lengthAccuracy())
            + " correctly, a refusal alone "
            + Figures.percent(all.refusalAccuracy())
            + ". ";
    if (report.pairs() < FEW) {
      return figures + "With so few pairs, shares above a half mean little.";
    }
    return figures
        + (best > MUCH_MORE_THAN_HALF
            ? "That is much more than half."
            : "Neither is much more than half.");
  }

  private static Table.Cell rate(Rate rate) {
    if (rate.n() == 0) {
      return Table.Cell.number(Figures.NONE, "0 of 0");
    }
    return Table.Cell.number(
        Figures.percent(rate.rate()),
        String.format(
            Locale.ROOT,
            "%s of %s, %.1f to %.1f",
            Figures.count(rate.k()),
            Figures.count(rate.n()),
            100 * rate.lo(),
            100 * rate.hi()));
  }
}
