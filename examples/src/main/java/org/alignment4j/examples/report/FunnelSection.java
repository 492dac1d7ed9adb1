package org.alignment4j.examples.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.synthesis.SynthesisReport.StageYield;

/** Section on the items that each stage passed, over all categories and for each. */
final class FunnelSection {
  private static final int MANY_REASONS = 6;

  private final SynthesisFunnel funnel;

  FunnelSection(SynthesisFunnel funnel) {
    this.funnel = funnel;
  }

  void addTo(HtmlPage page) {
    page.heading(2, "From texts to pairs");
    if (funnel.yields().isEmpty()) {
      page.paragraph("No stage received any items.");
      return;
    }
    List<Bars.Row> rows = new ArrayList<>();
    Table table =
        new Table(
            "Items of each stage, over all categories",
            List.of("Stage", "In", "Out", "Out / in", "Dropped"));
    for (StageYield stage : funnel.stages()) {
      rows.add(
          new Bars.Row(
              stage.stage(),
              Figures.count(stage.out()),
              stage.in(),
              List.of((double) stage.out()),
              notes(stage.dropped())));
      table.numbers(
          stage.stage(),
          Figures.count(stage.in()),
          Figures.count(stage.out()),
          share(stage.out(), stage.in()),
          Figures.count(stage.droppedInAll()));
    }
    page.plots(
        Map.of(
            "Items that each stage passed, and why it dropped others",
            new Bars(
                    "Funnel of the stages",
                    "For each stage, the items passed in front of the items received; the table"
                        + " below has the numbers.",
                    List.of(),
                    0,
                    rows)
                .svg()));
    page.paragraph(
        "Pale bars: items received. A stage may pass more than it received where one item"
            + " yields several.");
    page.table(table);
    page.heading(3, "By category");
    page.table(categories());
  }

  private Table categories() {
    List<String> head = new ArrayList<>(List.of("Category"));
    funnel.stages().forEach(stage -> head.add(stage.stage()));
    Table table = new Table("Items out of each stage, and in, by category", head);
    for (String category : funnel.categories()) {
      List<Table.Cell> cells = new ArrayList<>();
      for (StageYield stage : funnel.stages()) {
        cells.add(
            funnel
                .find(stage.stage(), category)
                .map(y -> Table.Cell.number(Figures.count(y.out()), "of " + Figures.count(y.in())))
                .orElse(Table.Cell.number(Figures.NONE)));
      }
      table.row(SynthesisFunnel.name(category), cells);
    }
    return table;
  }

  private static List<String> notes(Map<String, Long> dropped) {
    List<String> notes = new ArrayList<>();
    List<Map.Entry<String, Long>> largest = SynthesisFunnel.largestFirst(dropped);
    long rest = 0;
    for (int i = 0; i < largest.size(); i++) {
      if (i < MANY_REASONS || largest.size() == MANY_REASONS + 1) {
        notes.add("-" + Figures.count(largest.get(i).getValue()) + " " + largest.get(i).getKey());
      } else {
        rest += largest.get(i).getValue();
      }
    }
    if (rest > 0) {
      notes.add(
          String.format(
              Locale.ROOT,
              "-%s for %d more reasons",
              Figures.count(rest),
              largest.size() - MANY_REASONS));
    }
    return notes;
  }

  private static String share(long part, long whole) {
    return whole == 0 ? Figures.NONE : Figures.percent((double) part / whole);
  }
}
