package org.alignment4j.examples.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Headlines and plots of one experiment on a page of moral self-correction. */
enum MoralExperimentView {
  /** Bias scores by category. */
  BBQ(
      "bbq",
      "BBQ",
      "Bias scores from -1 to 1: above 0 answers follow stereotypes, below 0 they go against"
          + " them, 0"
          + " is no bias. Accuracy is the share of right answers.") {
    @Override
    List<Headline> headlines() {
      return List.of(
          new Headline("s_amb", "pooled", "bias in ambiguous contexts", 0),
          new Headline("s_dis", "pooled", "bias in disambiguated contexts", 0),
          new Headline("accuracy_amb", "pooled", "accuracy in ambiguous contexts", Double.NaN),
          new Headline("accuracy_dis", "pooled", "accuracy in disambiguated contexts", Double.NaN));
    }

    @Override
    void draw(HtmlPage page, MoralResult result, List<MoralResult> compared) {
      heat(page, result, compared, "s_amb", "Bias in ambiguous contexts by category");
      heat(page, result, compared, "s_dis", "Bias in disambiguated contexts by category");
    }
  },
  /** Pronouns of occupations. */
  WINOGENDER(
      "winogender",
      "Winogender",
      "rho is the correlation, over occupations, of the probability of a female pronoun with"
          + " the share of women among those who work in it: 1 follows the statistics, 0 is"
          + " independent of them.") {
    @Override
    List<Headline> headlines() {
      return List.of(
          new Headline("rho", "all", "rho", 0),
          new Headline("female", "all", "mean probability of a female pronoun", Double.NaN));
    }

    @Override
    void draw(HtmlPage page, MoralResult result, List<MoralResult> compared) {
      scatters(page, result);
      shares(page, result);
    }
  },
  /** Admission of students who differ in race only. */
  LAW_SCHOOL(
      "law-school",
      "Law school",
      "The gap is the probability that a Black student is admitted minus that of a white"
          + " student who is otherwise identical: above 0 the model favours Black students,"
          + " below 0 white ones.") {
    @Override
    List<Headline> headlines() {
      return List.of(new Headline("gap", "all", "admission gap, Black minus white", 0));
    }

    @Override
    void draw(HtmlPage page, MoralResult result, List<MoralResult> compared) {
      Map<String, String> plots = new LinkedHashMap<>();
      plots.put(
          "Admission gap by sex, 95 % intervals",
          ranges(
              result,
              "Admission gap by sex",
              "probability if Black minus probability if white",
              0,
              result.groups("gap").stream()
                  .flatMap(
                      g ->
                          Stream.of(
                              new Headline("gap", g, g + ", probabilities", 0),
                              new Headline("gap_decided", g, g + ", most probable answers", 0)))
                  .toList()));
      plots.put(
          "Probability of admission, 95 % intervals",
          ranges(
              result,
              "Probability of admission by race and sex",
              "probability of yes",
              Double.NaN,
              result.groups("yes_black").stream()
                  .flatMap(
                      g ->
                          Stream.of(
                              new Headline("yes_black", g, g + ", Black", Double.NaN),
                              new Headline("yes_white", g, g + ", white", Double.NaN)))
                  .toList()));
      page.plots(plots);
    }
  },
  /** Any other experiment: scores only. */
  OTHER("", "Other experiments", "") {
    @Override
    List<Headline> headlines() {
      return List.of();
    }

    @Override
    void draw(HtmlPage page, MoralResult result, List<MoralResult> compared) {
      page.paragraph("This experiment has no plots of its own.");
    }
  };

  private final String experiment;
  private final String heading;
  private final String explanation;

  MoralExperimentView(String experiment, String heading, String explanation) {
    this.experiment = experiment;
    this.heading = heading;
    this.explanation = explanation;
  }

  /**
   * A score that is shown first.
   *
   * @param meaning the score's meaning in words
   * @param reference the value that means no effect; NaN if there is none
   */
  record Headline(String score, String group, String meaning, double reference) {}

  static MoralExperimentView of(String experiment) {
    return Stream.of(values())
        .filter(v -> v.experiment.equals(experiment))
        .findFirst()
        .orElse(OTHER);
  }

  String heading(String name) {
    return this == OTHER ? name : heading;
  }

  String explanation() {
    return explanation;
  }

  /** Returns the scores that are shown first. */
  abstract List<Headline> headlines();

  /**
   * Adds the plots and tables that only this experiment has.
   *
   * @param compared the results of all models, which share one scale of colours
   */
  abstract void draw(HtmlPage page, MoralResult result, List<MoralResult> compared);

  /** Returns a plot of the conditions' scores with their intervals. */
  static String ranges(
      MoralResult result, String title, String axis, double reference, List<Headline> rows) {
    List<Ranges.Row> all = new ArrayList<>();
    for (Headline row : rows) {
      all.add(
          new Ranges.Row(
              row.meaning,
              result.labels().stream().map(c -> result.value(c, row.score, row.group)).toList()));
    }
    return new Ranges(
            title,
            title + ", for each condition, with 95 % intervals; tables have the numbers.",
            axis,
            reference,
            result.labels(),
            all,
            false)
        .svg();
  }

  private static void heat(
      HtmlPage page, MoralResult result, List<MoralResult> compared, String score, String caption) {
    List<String> groups = result.groups(score);
    if (groups.isEmpty()) {
      return;
    }
    double widest =
        compared.stream()
            .flatMap(r -> r.scores().stream())
            .filter(s -> s.name().equals(score))
            .mapToDouble(s -> Math.abs(s.value().value()))
            .filter(Double::isFinite)
            .max()
            .orElse(0);
    widest = Math.max(0.01, Math.ceil(widest * 20 - 1e-9) / 20);
    List<String> head = new ArrayList<>(List.of("Category"));
    head.addAll(result.labels());
    Table table = new Table(caption + " (" + score + "), with 95 % intervals", head);
    for (String group : groups) {
      List<Table.Cell> cells = new ArrayList<>();
      for (String condition : result.labels()) {
        Ranges.Point p = result.value(condition, score, group);
        cells.add(
            Table.Cell.heat(
                p.value(), widest, Figures.score(p.value()), Figures.interval(p.lo(), p.hi())));
      }
      table.row(group, cells);
    }
    page.table(table).scale(widest);
  }

  private static void scatters(HtmlPage page, MoralResult result) {
    if (result.dots().isEmpty()) {
      page.paragraph("Without the answers there are no occupations to show.");
      return;
    }
    Map<String, String> plots = new LinkedHashMap<>();
    List<String> head = new ArrayList<>(List.of("Occupation", "Share of women"));
    Map<String, List<Table.Cell>> rows = new LinkedHashMap<>();
    for (String condition : result.labels()) {
      head.add(condition);
      List<Scatter.Dot> dots = new ArrayList<>();
      for (MoralResult.Dot d : result.dots()) {
        if (d.condition().equals(condition)) {
          dots.add(new Scatter.Dot(d.item(), d.reference(), d.female()));
        }
      }
      Ranges.Point rho = result.value(condition, "rho", "all");
      plots.put(
          (condition
                  + ": rho "
                  + Figures.score(rho.value())
                  + " "
                  + Figures.interval(rho.lo(), rho.hi()))
              .strip(),
          new Scatter(
                  condition + ": probability of a female pronoun against the share of women",
                  "A point for each occupation, the diagonal, and the line of best fit.",
                  "share of women in the occupation",
                  "probability of a female pronoun",
                  true,
                  dots)
              .svg());
    }
    for (MoralResult.Dot d : result.dots()) {
      rows.computeIfAbsent(
          d.item(),
          item -> {
            List<Table.Cell> cells = new ArrayList<>();
            cells.add(Table.Cell.number(Figures.percent(d.reference())));
            for (String condition : result.labels()) {
              cells.add(Table.Cell.number(Figures.score(female(result, condition, item))));
            }
            return cells;
          });
    }
    page.plots(plots);
    page.paragraph(
        "Dashed: where the probability equals the share. Solid: the line of best fit; the"
            + " points farthest from it are labelled.");
    Table table = new Table("Probability of a female pronoun by occupation", head);
    rows.forEach(table::row);
    page.closed(table);
  }

  private static double female(MoralResult result, String condition, String item) {
    return result.dots().stream()
        .filter(d -> d.condition().equals(condition) && d.item().equals(item))
        .mapToDouble(MoralResult.Dot::female)
        .findFirst()
        .orElse(Double.NaN);
  }

  private static void shares(HtmlPage page, MoralResult result) {
    List<String> pronouns = List.of("female", "male", "neutral");
    List<Bars.Row> rows = new ArrayList<>();
    for (String condition : result.labels()) {
      List<Double> shares =
          pronouns.stream().map(p -> result.value(condition, p, "all").value()).toList();
      rows.add(
          new Bars.Row(
              condition,
              String.join(" / ", shares.stream().map(Figures::percent).toList()),
              0,
              shares,
              List.of()));
    }
    page.plots(
        Map.of(
            "Pronouns, mean probabilities",
            new Bars(
                    "Mean probabilities of pronouns by condition",
                    "Female, male and neutral pronouns; the numbers are above the bars.",
                    pronouns,
                    1,
                    rows)
                .svg()));
  }
}
