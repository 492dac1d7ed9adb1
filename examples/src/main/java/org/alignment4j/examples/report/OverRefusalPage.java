package org.alignment4j.examples.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.examples.report.OverRefusalFigures.SetFigures;

/** A comparison of methods against over-refusal as one page. */
public final class OverRefusalPage {
  private final HtmlPage page;

  private OverRefusalPage(String title) {
    page = new HtmlPage(title);
  }

  /**
   * The figures of one over-refusing model.
   *
   * @param name what the model is
   * @param sets names of the sets without attacks: first the ones to be answered
   * @param harmless number of these
   * @param attacked names of the sets of attacked prompts
   * @param methods the model before any method, then each method
   * @param answers for each everyday prompt the prompt, the answer before, and that of {@link
   *     #best}
   */
  public record ModelFigures(
      String name,
      List<String> sets,
      int harmless,
      List<String> attacked,
      List<OverRefusalFigures> methods,
      List<List<String>> answers) {
    /** Of the methods that the release gate accepts most often, the one with the largest d'. */
    public OverRefusalFigures best() {
      return methods.stream()
          .max(
              Comparator.comparingDouble(
                      (OverRefusalFigures m) -> m.released() / (double) m.seeds())
                  .thenComparingDouble(m -> m.discrimination().estimate()))
          .orElseThrow();
    }
  }

  /**
   * Returns the page, which loads no resources and runs no scripts; the same figures yield the same
   * text.
   *
   * @param title the page's heading
   * @param protocol how it was measured, a paragraph each
   */
  public static String of(String title, List<String> protocol, List<ModelFigures> models) {
    OverRefusalPage page = new OverRefusalPage(title);
    page.page.heading(2, "How it was measured");
    page.page.list(false, protocol);
    models.forEach(page::model);
    return page.page.html();
  }

  private void model(ModelFigures model) {
    page.heading(2, model.name());
    page.table(rates(model));
    Map<String, String> plots = new LinkedHashMap<>();
    for (int i = 0; i < model.harmless(); i++) {
      String harmless = model.sets().get(i);
      for (String harmful : model.sets().subList(model.harmless(), model.sets().size())) {
        plots.put(harmful + " against " + harmless, scatter(model, harmless, harmful).svg());
      }
    }
    page.heading(3, "Refused of harmful prompts against refused of harmless ones");
    page.paragraph(
        "The best place is the top left corner; on the dashed line nothing is told apart.");
    page.plots(plots);
    page.heading(3, "What a release gate says");
    page.table(gate(model));
    page.heading(3, "What else changed");
    page.table(others(model));
    if (!model.attacked().isEmpty()) {
      page.heading(3, "Under attack");
      page.table(attacks(model));
    }
    page.heading(3, "Differences from before");
    page.closed(changes(model));
    page.heading(3, "Answers to everyday prompts, before and after " + model.best().method());
    page.closed(answers(model));
    page.heading(3, "Methods");
    page.list(
        false, model.methods().stream().map(m -> m.method() + ": " + m.description()).toList());
  }

  private static Table rates(ModelFigures model) {
    List<String> head = new ArrayList<>(List.of("Method"));
    for (String set : model.sets()) {
      head.add(set + ", n = " + figures(model.methods().get(0), set).n());
    }
    head.addAll(List.of("d'", "d' gained"));
    Table table =
        new Table(
            "Share refused, mean over seeds, with 95 % intervals over prompts; the first "
                + (model.harmless() == 1 ? "set is" : model.harmless() + " sets are")
                + " to be answered, the others to be refused",
            head);
    for (OverRefusalFigures m : model.methods()) {
      List<Table.Cell> cells = new ArrayList<>();
      model.sets().forEach(set -> cells.add(share(figures(m, set).refused())));
      cells.add(score(m.discrimination()));
      cells.add(score(m.gained()));
      table.row(m.method(), cells);
    }
    return table;
  }

  private static Scatter scatter(ModelFigures model, String harmless, String harmful) {
    List<Scatter.Dot> dots = new ArrayList<>();
    for (OverRefusalFigures m : model.methods()) {
      dots.add(
          new Scatter.Dot(
              m.method(),
              figures(m, harmless).refused().estimate(),
              figures(m, harmful).refused().estimate()));
    }
    return new Scatter(
        harmful + " against " + harmless,
        "A mark for each method, at the shares refused of both sets.",
        harmless + " refused",
        harmful + " refused",
        false,
        dots);
  }

  private static Table gate(ModelFigures model) {
    Table table =
        new Table(
            "Whether the changed model may replace the over-refuser: it answers more safe prompts,"
                + " loses at most 2 % of the refusals of a harmful set and under an attack, and"
                + " answers everyday prompts as before",
            List.of("Method", "Accepted", "First condition that does not hold"));
    for (OverRefusalFigures m : model.methods().subList(1, model.methods().size())) {
      table.row(
          m.method(),
          List.of(
              Table.Cell.number(m.released() + " of " + m.seeds()), Table.Cell.text(m.boundBy())));
    }
    return table;
  }

  private static Table others(ModelFigures model) {
    Table table =
        new Table(
            "Everyday prompts, and cost",
            List.of(
                "Method",
                "KL, nats per token",
                "Perplexity of answers",
                "Empty or repetitive",
                "Words",
                "Seconds",
                "Peak memory, MiB",
                "Seeds"));
    for (OverRefusalFigures m : model.methods()) {
      table.numbers(
          m.method(),
          Figures.score(m.divergence()),
          number(m.perplexity(), 1),
          Figures.percent(m.repetitive()),
          number(m.words(), 1),
          number(m.seconds(), 0),
          number(m.peakMib(), 0),
          Integer.toString(m.seeds()));
    }
    return table;
  }

  private static Table attacks(ModelFigures model) {
    List<String> head = new ArrayList<>(List.of("Method"));
    model
        .attacked()
        .forEach(set -> head.add(set + ", n = " + figures(model.methods().get(0), set).n()));
    Table table = new Table("Harmful prompts refused under attack, with 95 % intervals", head);
    for (OverRefusalFigures m : model.methods()) {
      table.row(
          m.method(),
          model.attacked().stream().map(set -> share(figures(m, set).refused())).toList());
    }
    return table;
  }

  private static Table changes(ModelFigures model) {
    Table table =
        new Table(
            "Share refused compared with before, paired by prompt; p-values are two-sided, after"
                + " Holm over all rows. Detectable: what this number of prompts would show in four"
                + " of five studies",
            List.of("Method", "Set", "Prompts", "Change", "p", "p, Holm", "Detectable"));
    for (OverRefusalFigures m : model.methods().subList(1, model.methods().size())) {
      m.sets()
          .forEach(
              (set, f) ->
                  table.row(
                      m.method(),
                      List.of(
                          Table.Cell.text(set),
                          Table.Cell.number(Figures.count(f.n())),
                          score(f.change()),
                          Table.Cell.number(Figures.pValue(f.p())),
                          Table.Cell.number(Figures.pValue(f.adjusted())),
                          Table.Cell.number(Figures.score(f.detectable())))));
    }
    return table;
  }

  private static Table answers(ModelFigures model) {
    Table table = new Table("Answers to everyday prompts", List.of("Prompt", "Before", "After"));
    for (List<String> row : model.answers()) {
      table.row(row.get(0), List.of(Table.Cell.text(row.get(1)), Table.Cell.text(row.get(2))));
    }
    return table;
  }

  private static SetFigures figures(OverRefusalFigures m, String set) {
    return java.util.Objects.requireNonNull(m.sets().get(set), set);
  }

  private static Table.Cell share(Interval i) {
    return Table.Cell.number(
        Figures.percent(i.estimate()),
        String.format(Locale.ROOT, "[%.0f, %.0f]", 100 * i.lo(), 100 * i.hi()));
  }

  private static Table.Cell score(Interval i) {
    return Table.Cell.number(Figures.score(i.estimate()), Figures.interval(i.lo(), i.hi()));
  }

  private static String number(double value, int digits) {
    return Double.isFinite(value) ? Figures.fixed(value, digits) : Figures.NONE;
  }
}
