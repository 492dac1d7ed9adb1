package org.alignment4j.examples.report;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.synthesis.ModelUsage;
import org.alignment4j.synthesis.SynthesisReport;
import org.alignment4j.synthesis.SynthesisReport.LengthSummary;
import org.alignment4j.synthesis.SynthesisReport.StageYield;
import org.alignment4j.synthesis.SynthesisReport.StyleBaseline;

/** The account of a synthesis run as a page: funnel, drops, lengths, style and cost. */
public final class SynthesisPage {
  private static final String ALL = "all";
  private static final String EMPTY_NAME = "(none)";

  /** Above this share style alone tells much. */
  private static final double TELLING = 0.6;

  /** With fewer pairs the better of two rules is above a half by chance. */
  private static final int FEW = 50;

  private static final int MANY_REASONS = 6;
  private static final int MANY_BARS = 15;

  private final SynthesisReport report;
  private final SynthesisFunnel funnel;
  private final HtmlPage page;

  private SynthesisPage(String title, SynthesisReport report) {
    this.report = report;
    this.funnel = new SynthesisFunnel(report.stages());
    this.page = new HtmlPage(title);
  }

  /**
   * The page, which loads and runs nothing; the same report gives the same text.
   *
   * @param title its heading
   */
  public static String of(String title, SynthesisReport report) {
    SynthesisPage page = new SynthesisPage(title, report);
    page.headline();
    page.funnel();
    page.drops();
    page.lengths();
    page.styles();
    page.usage();
    return page.page.html();
  }

  private void headline() {
    Map<String, String> tiles = new LinkedHashMap<>();
    tiles.put("Texts read", Figures.count(report.texts()));
    tiles.put("Pairs made", Figures.count(report.pairs()));
    tiles.put("Pairs per 100 texts", per100(report.pairs(), report.texts()));
    tiles.put("Cost of this run", cost(report.usage()));
    if (!report.usageOfAllRuns().equals(report.usage())) {
      tiles.put("Cost of all runs", cost(report.usageOfAllRuns()));
    }
    tiles.put("State", report.complete() ? "complete" : "not complete");
    page.tiles(tiles);
    if (!report.stopped().isEmpty()) {
      page.notice("The run ended before the last text: " + report.stopped());
    }
    if (report.unanswered() > 0) {
      page.notice(
          Figures.count(report.unanswered())
              + " items were set aside since a model did not answer. Running again asks for them"
              + " again.");
    }
  }

  private static String cost(List<ModelUsage> usage) {
    Map<String, BigDecimal> byCurrency = new TreeMap<>();
    usage.stream()
        .filter(u -> u.cost().signum() != 0)
        .forEach(u -> byCurrency.merge(u.currency(), u.cost(), BigDecimal::add));
    List<String> sums = new ArrayList<>();
    byCurrency.forEach((currency, sum) -> sums.add((Figures.money(sum) + " " + currency).strip()));
    return sums.isEmpty() ? "0" : String.join(" + ", sums);
  }

  private void funnel() {
    page.heading(2, "From texts to pairs");
    if (report.stages().isEmpty()) {
      page.paragraph("No stage has seen anything.");
      return;
    }
    List<Bars.Row> rows = new ArrayList<>();
    Table table =
        new Table(
            "Items of each stage, all categories together",
            List.of("Stage", "In", "Out", "Out of in", "Dropped"));
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
            "Items that each stage let through, and why it dropped others",
            new Bars(
                    "Funnel of the stages",
                    "For each stage, the items that went on, before those that came in; the table"
                        + " below has the numbers.",
                    List.of(),
                    0,
                    rows)
                .svg()));
    page.paragraph(
        "Pale, behind: what came in. More may go on than came in where one item yields several.");
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
      table.row(name(category), cells);
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

  private void drops() {
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
    Table byCategory =
        new Table(
            "Dropped items by category and reason",
            List.of("Category", "Stage", "Reason", "Items"));
    for (StageYield y : report.stages()) {
      SynthesisFunnel.largestFirst(y.dropped())
          .forEach(
              e ->
                  byCategory.row(
                      name(y.category()),
                      List.of(
                          Table.Cell.text(y.stage()),
                          Table.Cell.text(e.getKey()),
                          Table.Cell.number(Figures.count(e.getValue())))));
    }
    page.closed(byCategory);
  }

  private void lengths() {
    page.heading(2, "Lengths");
    if (report.pairs() == 0 || report.lengths().isEmpty()) {
      page.paragraph("There are no pairs.");
      return;
    }
    List<String> parts =
        report.lengths().values().stream().flatMap(m -> m.keySet().stream()).distinct().toList();
    List<String> order = new ArrayList<>(List.of("prompt", "chosen", "rejected"));
    order.retainAll(parts);
    parts.stream().filter(p -> !order.contains(p)).forEach(order::add);
    List<Ranges.Row> rows = new ArrayList<>();
    Table table =
        new Table(
            "Words of prompts and answers",
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
                      name(category),
                      List.of(
                          Table.Cell.text(part),
                          Table.Cell.number(Figures.count(l.texts())),
                          Table.Cell.number(Figures.count(l.p5())),
                          Table.Cell.number(Figures.count(l.median())),
                          Table.Cell.number(Figures.count(l.p95())),
                          Table.Cell.number(Figures.fixed(l.mean(), 1))));
                }
              }
              rows.add(new Ranges.Row(name(category), points));
            });
    page.plots(
        Map.of(
            "Words: median, and where nine tenths of the texts lie",
            new Ranges(
                    "Lengths in words by category",
                    "Median, 5 % and 95 % quantile of prompts, chosen and rejected answers.",
                    "words",
                    Double.NaN,
                    order,
                    rows,
                    true)
                .svg()));
    page.table(table);
  }

  private void styles() {
    page.heading(2, "Can style alone tell chosen from rejected?");
    page.paragraph(
        "If length alone or a refusal alone tells chosen from rejected in much more than half of"
            + " the pairs, training may learn style only.");
    StyleBaseline all = report.styles().get(ALL);
    if (report.pairs() == 0 || all == null) {
      page.paragraph("There are no pairs.");
      return;
    }
    page.notice(verdict(all));
    List<Ranges.Row> rows = new ArrayList<>();
    Table table =
        new Table(
            "How well style tells chosen from rejected; rates with 95 % intervals",
            List.of(
                "Category",
                "Told by length",
                "Told by refusal",
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
                  name(category),
                  List.of(
                      alone(100 * style.lengthAccuracy()), alone(100 * style.refusalAccuracy()))));
          table.row(
              name(category),
              List.of(
                  Table.Cell.number(Figures.percent(style.lengthAccuracy())),
                  Table.Cell.number(Figures.percent(style.refusalAccuracy())),
                  rate(style.chosenLonger()),
                  rate(style.chosenRefuses()),
                  rate(style.rejectedRefuses())));
        });
    page.plots(
        Map.of(
            "Pairs told right by style alone; the dashed line is a coin",
            new Ranges(
                    "Pairs told right by style alone",
                    "Percent of pairs that length alone and a refusal alone tell right.",
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
    double most = Math.max(all.lengthAccuracy(), all.refusalAccuracy());
    String figures =
        "Over all pairs, length alone tells "
            + Figures.percent(all.lengthAccuracy())
            + " right, a refusal alone "
            + Figures.percent(all.refusalAccuracy())
            + ". ";
    if (report.pairs() < FEW) {
      return figures + "With so few pairs, shares above a half say little.";
    }
    return figures
        + (most > TELLING ? "That is much more than half." : "Neither is much more than half.");
  }

  private void usage() {
    page.heading(2, "What models were asked");
    if (report.usage().isEmpty()) {
      page.paragraph("There is no account of requests.");
      return;
    }
    usage("Requests of this run, and those whose answer was stored before", report.usage());
    page.paragraph("Tokens and cost are those of requests that were sent in this run.");
    if (!report.usageOfAllRuns().equals(report.usage())) {
      usage("Requests of all runs over the same store", report.usageOfAllRuns());
      page.paragraph("This run and those before it, with what a run that was killed paid for.");
    }
  }

  private void usage(String caption, List<ModelUsage> all) {
    Table table =
        new Table(
            caption,
            List.of(
                "Model",
                "Sent",
                "From store",
                "Failed",
                "Retries",
                "Tokens read",
                "Tokens written",
                "Cost"));
    for (ModelUsage u : all) {
      table.numbers(
          u.model(),
          Figures.count(u.sent()),
          Figures.count(u.fromStore()),
          Figures.count(u.failed()),
          Figures.count(u.retries()),
          Figures.count(u.promptTokens()),
          Figures.count(u.completionTokens()),
          u.cost().signum() == 0 ? "0" : Figures.money(u.cost()) + " " + u.currency());
    }
    page.table(table);
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

  private static String share(long part, long whole) {
    return whole == 0 ? Figures.NONE : Figures.percent((double) part / whole);
  }

  private static String per100(long part, long whole) {
    return whole == 0 ? Figures.NONE : Figures.fixed(100.0 * part / whole, 1);
  }

  private static String name(String category) {
    return category.isBlank() ? EMPTY_NAME : category;
  }
}
