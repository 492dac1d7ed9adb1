package org.alignment4j.examples.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alignment4j.synthesis.SynthesisReport;
import org.alignment4j.synthesis.SynthesisReport.LengthSummary;

/** Section on the lengths of prompts and responses. */
final class LengthsSection {
  private final SynthesisReport report;

  LengthsSection(SynthesisReport report) {
    this.report = report;
  }

  void addTo(HtmlPage page) {
    page.heading(2, "Lengths");
    if (report.pairs() == 0 || report.lengths().isEmpty()) {
      page.paragraph("There are no pairs.");
      return;
    }
    List<String> order = parts();
    List<Ranges.Row> rows = new ArrayList<>();
    Table table =
        new Table(
            "Words of prompts and responses",
            List.of("Category", "Of", "Texts", "5 %", "Median", "95 %", "Mean"));
    report
        .lengths()
        .forEach(
            (category, lengths) -> {
              List<Ranges.Point> points = new ArrayList<>();
              for (String part : order) {
                LengthSummary l = lengths.get(part);
                points.add(
                    l == null || l.texts() == 0
                        ? new Ranges.Point(Double.NaN, Double.NaN, Double.NaN)
                        : new Ranges.Point(l.median(), l.p5(), l.p95()));
                if (l != null) {
                  table.row(
                      SynthesisFunnel.name(category),
                      List.of(
                          Table.Cell.text(part),
                          Table.Cell.number(Figures.count(l.texts())),
                          Table.Cell.number(Figures.count(l.p5())),
                          Table.Cell.number(Figures.count(l.median())),
                          Table.Cell.number(Figures.count(l.p95())),
                          Table.Cell.number(Figures.fixed(l.mean(), 1))));
                }
              }
              rows.add(new Ranges.Row(SynthesisFunnel.name(category), points));
            });
    page.plots(
        Map.of(
            "Words: median, and the range of 90 % of the texts",
            new Ranges(
                    "Lengths in words by category",
                    "Median, 5 % and 95 % quantiles of prompts, chosen and rejected responses.",
                    "words",
                    Double.NaN,
                    order,
                    rows,
                    true)
                .svg()));
    page.table(table);
  }

  /** Returns prompt and responses first, then any other parts. */
  private List<String> parts() {
    List<String> parts =
        report.lengths().values().stream().flatMap(m -> m.keySet().stream()).distinct().toList();
    List<String> order = new ArrayList<>(List.of("prompt", "chosen", "rejected"));
    order.retainAll(parts);
    parts.stream().filter(p -> !order.contains(p)).forEach(order::add);
    return order;
  }
}
