package org.alignment4j.examples.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alignment4j.synthesis.SynthesisReport.StageYield;

/** Section on why items were dropped. */
final class DropsSection {
  private static final int MANY_BARS = 15;

  private final SynthesisFunnel funnel;

  DropsSection(SynthesisFunnel funnel) {
    this.funnel = funnel;
  }

  void addTo(HtmlPage page) {
    page.heading(2, "Drops by reason");
    List<SynthesisFunnel.Drop> drops = funnel.drops();
    if (drops.isEmpty()) {
      page.paragraph("Nothing was dropped.");
      return;
    }
    List<Bars.Row> rows = new ArrayList<>();
    Table table = new Table("Dropped items by reason", List.of("Reason", "Stage", "Items"));
    for (SynthesisFunnel.Drop drop : drops) {
      table.row(
          drop.reason(),
          List.of(Table.Cell.text(drop.stage()), Table.Cell.number(Figures.count(drop.items()))));
      if (rows.size() < MANY_BARS) {
        rows.add(
            new Bars.Row(
                drop.stage() + ": " + drop.reason(),
                Figures.count(drop.items()),
                0,
                List.of((double) drop.items()),
                List.of()));
      }
    }
    page.plots(
        Map.of(
            drops.size() > MANY_BARS
                ? "The " + MANY_BARS + " most frequent reasons"
                : "Reasons, the most frequent first",
            new Bars(
                    "Drops by reason",
                    "Dropped items by stage and reason, the most frequent first.",
                    List.of(),
                    0,
                    rows)
                .svg()));
    page.closed(table);
    page.closed(byCategory());
  }

  private Table byCategory() {
    Table table =
        new Table(
            "Dropped items by category and reason",
            List.of("Category", "Stage", "Reason", "Items"));
    for (StageYield y : funnel.yields()) {
      SynthesisFunnel.largestFirst(y.dropped())
          .forEach(
              e ->
                  table.row(
                      SynthesisFunnel.name(y.category()),
                      List.of(
                          Table.Cell.text(y.stage()),
                          Table.Cell.text(e.getKey()),
                          Table.Cell.number(Figures.count(e.getValue())))));
    }
    return table;
  }
}
