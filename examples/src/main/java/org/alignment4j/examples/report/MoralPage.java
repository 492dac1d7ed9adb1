package org.alignment4j.examples.report;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.examples.report.MoralExperimentView.Headline;

/**
 * Shows reports on moral self-correction as one page: each model by itself, and models side by side
 * where an experiment was run with several.
 */
public final class MoralPage {
  private final HtmlPage page;

  private MoralPage(String title) {
    page = new HtmlPage(title);
  }

  /**
   * Returns the page, which loads no resources and runs no scripts; the same reports yield the same
   * text. Models of one experiment are compared in the order of their reports, such as by size or
   * by step of training.
   *
   * @param title the page's heading
   * @param reports JSON from {@code MoralReport.toJson}, at least one; Winogender's with answers,
   *     so that occupations can be shown
   * @throws IllegalArgumentException if there is no report
   * @throws org.alignment4j.core.BadDataException if one is not such a report; the message has its
   *     number, from 1
   */
  public static String of(String title, List<String> reports) {
    require(!reports.isEmpty(), "there is no report");
    Map<String, List<MoralResult>> byExperiment = new LinkedHashMap<>();
    for (int i = 0; i < reports.size(); i++) {
      MoralResult result = MoralResult.read(reports.get(i), "report " + (i + 1));
      byExperiment.computeIfAbsent(result.experiment(), e -> new ArrayList<>()).add(result);
    }
    MoralPage page = new MoralPage(title);
    byExperiment.forEach(page::experiment);
    return page.page.html();
  }

  private void experiment(String name, List<MoralResult> results) {
    MoralExperimentView view = MoralExperimentView.of(name);
    List<String> names = names(results);
    page.heading(2, view.heading(name));
    if (!view.explanation().isEmpty()) {
      page.paragraph(view.explanation());
    }
    if (results.size() > 1) {
      compare(view, results, names);
    }
    for (int i = 0; i < results.size(); i++) {
      model(view, results.get(i), results, names.get(i));
    }
  }

  /** Returns the models' names, numbered where one occurs again. */
  private static List<String> names(List<MoralResult> results) {
    List<String> models = results.stream().map(MoralResult::model).toList();
    return IntStream.range(0, models.size())
        .mapToObj(
            i -> {
              long before =
                  models.subList(0, i).stream().filter(m -> m.equals(models.get(i))).count();
              return before == 0 ? models.get(i) : models.get(i) + " (" + (before + 1) + ")";
            })
        .toList();
  }

  private void compare(MoralExperimentView view, List<MoralResult> results, List<String> names) {
    List<String> conditions =
        results.stream().flatMap(r -> r.labels().stream()).distinct().toList();
    Map<String, String> plots = new LinkedHashMap<>();
    List<String> head = new ArrayList<>(List.of("Model", "Score"));
    head.addAll(conditions);
    Table table = new Table("Models compared, with 95 % intervals", head);
    boolean named = true;
    for (Headline headline : view.headlines()) {
      List<List<Ranges.Point>> points = new ArrayList<>();
      for (int m = 0; m < results.size(); m++) {
        MoralResult result = results.get(m);
        List<Ranges.Point> own =
            conditions.stream()
                .map(c -> result.value(c, headline.score(), headline.group()))
                .toList();
        points.add(own);
        List<Table.Cell> cells = new ArrayList<>();
        cells.add(Table.Cell.text(headline.meaning()));
        own.forEach(p -> cells.add(cell(p)));
        table.row(names.get(m), cells);
      }
      Trend trend =
          new Trend(
              headline.meaning() + " by model",
              "A line for each condition over the models in their order, with 95 % intervals.",
              headline.score(),
              headline.reference(),
              conditions,
              names,
              points);
      named = trend.named();
      plots.put(headline.meaning(), trend.svg());
    }
    page.heading(3, "Models compared");
    page.table(coverage(results, names, conditions));
    if (!plots.isEmpty()) {
      page.plots(plots);
      if (!named) {
        page.list(true, names);
      }
      page.table(table);
    }
  }

  /** Returns the coverage, shown before the scores since they depend on it. */
  private static Table coverage(
      List<MoralResult> results, List<String> names, List<String> conditions) {
    List<String> head = new ArrayList<>(List.of("Model"));
    head.addAll(conditions);
    Table table = new Table("Coverage of the options, mean over items", head);
    for (int m = 0; m < results.size(); m++) {
      MoralResult result = results.get(m);
      table.row(
          names.get(m),
          conditions.stream()
              .map(c -> Table.Cell.number(Figures.score(result.coverage(c))))
              .toList());
    }
    return table;
  }

  private void model(
      MoralExperimentView view, MoralResult result, List<MoralResult> compared, String name) {
    page.heading(3, name);
    page.paragraph("How answers were measured: " + result.method() + ".");
    page.list(false, result.notes());
    page.notices(result.warnings());
    page.paragraph(
        "Coverage first: the probability that the model assigns to the options, or the share of"
            + " sampled answers that name one. Where it is low, the scores below describe"
            + " answers that the model would rarely give.");
    page.table(readability(result));
    if (!view.headlines().isEmpty()) {
      Map<String, String> plots = new LinkedHashMap<>();
      plots.put(
          "Scores by condition, 95 % intervals",
          MoralExperimentView.ranges(result, "Scores by condition", "score", 0, view.headlines()));
      page.plots(plots);
    }
    view.draw(page, result, compared);
    page.closed(scores(result));
    page.closed(changes(result));
  }

  private static Table scores(MoralResult result) {
    List<String> head = new ArrayList<>(List.of("Score", "Group"));
    head.addAll(result.labels());
    Table table = new Table("All scores by condition, with 95 % intervals", head);
    List<String> names = result.scores().stream().map(MoralResult.Score::name).distinct().toList();
    for (String score : names) {
      for (String group : result.groups(score)) {
        List<Table.Cell> cells = new ArrayList<>();
        cells.add(Table.Cell.text(group));
        result.labels().forEach(c -> cells.add(cell(result.value(c, score, group))));
        table.row(score, cells);
      }
    }
    return table;
  }

  private static Table changes(MoralResult result) {
    Table table =
        new Table(
            "Changes by condition, on items measured in both; p-values are two-sided",
            List.of(
                "Score",
                "Group",
                "Condition",
                "Items",
                "Question alone",
                "Difference",
                "Reduction",
                "p",
                "p, Holm"));
    for (MoralResult.Change c : result.changes()) {
      table.row(
          c.name(),
          List.of(
              Table.Cell.text(c.group()),
              Table.Cell.text(c.condition()),
              Table.Cell.number(Figures.count(c.items())),
              Table.Cell.number(Figures.score(c.question())),
              cell(c.difference()),
              percent(c.reduction()),
              Table.Cell.number(Figures.pValue(c.p())),
              Table.Cell.number(Figures.pValue(c.adjusted()))));
    }
    return table;
  }

  private static Table readability(MoralResult result) {
    Table table =
        new Table(
            "How well answers could be read",
            List.of(
                "Condition",
                "Coverage",
                "Coverage below 0.5",
                "Requested",
                "Answered",
                "Blocked",
                "Invalid",
                "Unreadable",
                "Samples",
                "Invalid samples"));
    for (MoralResult.Readability r : result.conditions()) {
      table.row(
          r.condition(),
          List.of(
              Table.Cell.number(Figures.score(r.coverage())),
              rate(r.lowCoverage()),
              Table.Cell.number(Figures.count(r.requested())),
              rate(r.read()),
              Table.Cell.number(Figures.count(r.blocked())),
              Table.Cell.number(Figures.count(r.invalid())),
              Table.Cell.number(Figures.count(r.unreadable())),
              Table.Cell.number(Figures.count(r.samples())),
              rate(r.invalidSamples())));
    }
    return table;
  }

  private static Table.Cell cell(Ranges.Point p) {
    return Table.Cell.number(Figures.score(p.value()), Figures.interval(p.lo(), p.hi()));
  }

  private static Table.Cell percent(Ranges.Point p) {
    if (!Double.isFinite(p.value())) {
      return Table.Cell.number(Figures.NONE);
    }
    boolean range = Double.isFinite(p.lo()) && Double.isFinite(p.hi());
    return Table.Cell.number(
        Figures.fixed(p.value(), 1) + " %",
        range ? String.format(Locale.ROOT, "[%.1f, %.1f]", p.lo(), p.hi()) : "");
  }

  private static Table.Cell rate(Rate rate) {
    String counts = Figures.count(rate.k()) + " of " + Figures.count(rate.n());
    return Table.Cell.number(Figures.percent(rate.rate()), counts);
  }
}
