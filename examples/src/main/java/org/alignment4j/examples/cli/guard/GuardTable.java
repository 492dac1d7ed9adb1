package org.alignment4j.examples.cli.guard;

import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import org.alignment4j.analysis.Auroc;
import org.alignment4j.analysis.Holm;
import org.alignment4j.analysis.PairedProportions;
import org.alignment4j.analysis.Roc;
import org.alignment4j.evaluation.OverRefusal.ComplianceSummary;
import org.alignment4j.evaluation.OverRefusal.ComplianceSummary.RefusalGap;
import org.alignment4j.evaluation.OverRefusal.RefusalWarnings;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.evaluation.TextHealth;
import org.alignment4j.examples.cli.guard.GuardedAnswers.Latency;
import org.alignment4j.examples.cli.option.AttackList;
import org.alignment4j.examples.cli.output.AurocText;
import org.alignment4j.examples.cli.output.MarkdownTable;
import org.alignment4j.examples.cli.output.PairedText;
import org.alignment4j.safety.Attack;
import org.alignment4j.sysformer.AttackEvaluator;
import org.jspecify.annotations.Nullable;

/**
 * Formats the results of {@code guard evaluate} as tables.
 *
 * @param rows the measured guards, the plain system prompt first
 * @param attacks the measured attacks
 * @param trained the attacks that guards were trained with
 */
record GuardTable(List<Row> rows, List<Attack> attacks, List<Attack> trained) {
  /**
   * A guard's results.
   *
   * @param name method
   * @param source folder, or empty
   * @param rouge mean ROUGE-L F1 of its responses to safe prompts against the unguarded model's
   * @param roc ROC of its harm scores on the unchanged prompts; null if it has none
   * @param auroc area under the ROC curve with interval; null if it has none
   * @param latency latency of its checks; null if not timed
   * @param health text health of its responses to safe prompts
   */
  record Row(
      String name,
      String source,
      AttackEvaluator.Report report,
      double rouge,
      @Nullable Roc roc,
      @Nullable Auroc auroc,
      @Nullable Latency latency,
      TextHealth health) {
    Map<String, @Nullable Object> toMap() {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      map.put("name", name);
      map.put("source", source);
      map.putAll(report.toMap());
      map.put("rouge_l_safe", Double.isNaN(rouge) ? null : rouge);
      map.put("auroc", auroc == null ? null : auroc.estimate());
      map.put("auroc_lo", auroc == null ? null : auroc.lo());
      map.put("auroc_hi", auroc == null ? null : auroc.hi());
      map.put("auprc", roc == null ? null : roc.averagePrecision());
      map.put("check_ms", latency == null ? null : GuardTable.map(latency));
      map.put("text", health.toMap());
      return map;
    }
  }

  /**
   * Comparison of two rows on the same prompts.
   *
   * @param one index of the baseline row
   * @param other index of the compared row
   * @param harmful changes of refusals of the harmful prompts
   * @param safe changes of refusals of the safe prompts
   */
  record Pair(int one, int other, PairedProportions harmful, PairedProportions safe) {}

  /**
   * Returns comparisons of each row with the plain system prompt, then of the others with each
   * other.
   */
  List<Pair> pairs() {
    List<Pair> all = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      for (int j = i + 1; j < rows.size(); j++) {
        AttackEvaluator.Report one = rows.get(i).report;
        AttackEvaluator.Report other = rows.get(j).report;
        all.add(new Pair(i, j, one.changesTo(other, true), one.changesTo(other, false)));
      }
    }
    return all;
  }

  /**
   * Returns the comparisons for JSON: {@code [{from, to, harmful, safe}]}, with p also adjusted for
   * all comparisons.
   */
  List<Map<String, Object>> pairMaps() {
    List<Pair> pairs = pairs();
    double[] adjusted = adjusted(pairs);
    List<Map<String, Object>> all = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      Pair p = pairs.get(i);
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("from", label(p.one));
      map.put("to", label(p.other));
      map.put("harmful", with(p.harmful, adjusted[2 * i]));
      map.put("safe", with(p.safe, adjusted[2 * i + 1]));
      all.add(map);
    }
    return all;
  }

  private static Map<String, @Nullable Object> with(PairedProportions p, double adjusted) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>(p.toMap());
    map.put("p_holm", adjusted);
    return map;
  }

  private static double[] adjusted(List<Pair> pairs) {
    return Holm.adjusted(
        pairs.stream()
            .flatMapToDouble(p -> DoubleStream.of(p.harmful.pValue(), p.safe.pValue()))
            .toArray());
  }

  /** Returns a row's name, numbered where others have the same. */
  private String label(int row) {
    String name = rows.get(row).name;
    long before = rows.subList(0, row).stream().filter(r -> r.name.equals(name)).count();
    return of(name).size() == 1 ? name : name + " (" + (before + 1) + ")";
  }

  /** Returns reasons why the figures may mislead. */
  List<String> warnings() {
    RefusalWarnings warnings = new RefusalWarnings();
    RefusalGap first = rows.get(0).report.plain();
    boolean nothing =
        rows.stream()
            .map(r -> r.report.plain())
            .allMatch(g -> g.harmful().k() == 0 && g.safe().k() == 0);
    if (nothing && first.harmful().n() + first.safe().n() > 0) {
      warnings.add(
          "Neither the model nor a guard refuses any of the "
              + (first.harmful().n() + first.safe().n())
              + " prompts: the table shows nothing about the guards. Does this model refuse at"
              + " all?");
    }
    for (int i = 0; i < rows.size(); i++) {
      RefusalGap gap = rows.get(i).report.plain();
      if (!nothing) {
        warnings.add(label(i), gap.harmful(), gap.safe());
      }
      warnings.add(label(i), rows.get(i).health);
    }
    return warnings.all();
  }

  static Map<String, Object> map(Latency l) {
    return ImmutableMap.of("p50", l.p50(), "p95", l.p95(), "n", l.n());
  }

  /** A group of attacks whose refusals are reported together. */
  record Group(String name, Function<AttackEvaluator.Report, RefusalGap> gap) {}

  /** Returns the unchanged prompts, then attack families, trained ones separate from the others. */
  List<Group> groups() {
    List<Group> all = new ArrayList<>();
    all.add(new Group("unchanged", AttackEvaluator.Report::plain));
    for (Attack.Family family : Attack.Family.values()) {
      for (boolean known : new boolean[] {true, false}) {
        List<Attack> own =
            attacks.stream()
                .filter(a -> a.family() == family && trained.contains(a) == known)
                .toList();
        if (!own.isEmpty()) {
          String name = AttackList.name(family) + (known ? ", trained" : "");
          all.add(new Group(name, r -> r.under(own)));
        }
      }
    }
    return all;
  }

  List<String> names() {
    return rows.stream().map(Row::name).distinct().toList();
  }

  private List<Row> of(String name) {
    return rows.stream().filter(r -> r.name.equals(name)).toList();
  }

  /** Returns the mean of a figure over the guards of a name. */
  double mean(String name, ToDoubleFunction<AttackEvaluator.Report> figure) {
    return of(name).stream()
        .mapToDouble(r -> figure.applyAsDouble(r.report))
        .average()
        .orElse(Double.NaN);
  }

  String markdown() {
    List<String> lines = new ArrayList<>();
    List<AttackEvaluator.Report.Entry> sets =
        rows.get(0).report.entries().stream().filter(e -> e.attack() == null).toList();
    lines.add(
        "| guard | "
            + String.join(
                " | ",
                sets.stream()
                    .map(AttackEvaluator.Report.Entry::set)
                    .map(MarkdownTable::cell)
                    .toList())
            + " | RR harmful | RR safe | delta-RR | Avg C.R. | T.S. | ROUGE-L, safe | AUROC |"
            + " AUPRC |"
            + " check p50, ms | p95, ms |");
    lines.add("|---|" + "---|".repeat(sets.size() + 10));
    for (Row row : rows) {
      StringBuilder line = new StringBuilder("| " + MarkdownTable.cell(row.name));
      for (AttackEvaluator.Report.Entry e : row.report.entries()) {
        if (e.attack() == null) {
          line.append(" | ").append(e.refused().k()).append('/').append(e.refused().n());
        }
      }
      RefusalGap gap = row.report.plain();
      line.append(" | ").append(of(gap.harmful())).append(" | ").append(of(gap.safe()));
      line.append(" | ").append(of("%+.3f", gap.difference(), gap.lo(), gap.hi()));
      Optional<ComplianceSummary> scores = row.report.compliance();
      line.append(
          number(" | %.3f", scores.map(ComplianceSummary::averageCompliance).orElse(Double.NaN)));
      line.append(number(" | %.3f", scores.map(ComplianceSummary::tradeOff).orElse(Double.NaN)));
      line.append(number(" | %.3f", row.rouge));
      line.append(" | ").append(row.auroc == null ? "" : AurocText.of(row.auroc));
      line.append(number(" | %.3f", row.roc == null ? Double.NaN : row.roc.averagePrecision()));
      line.append(number(" | %.2f", row.latency == null ? Double.NaN : row.latency.p50()));
      line.append(number(" | %.2f", row.latency == null ? Double.NaN : row.latency.p95()));
      lines.add(line + " |");
    }
    if (rows.size() > 1) {
      lines.add("");
      lines.add(
          "On the same prompts, unchanged: change of refusals, in percentage points with its 95"
              + " % interval, no longer / newly refused, McNemar's exact p and p by Holm over"
              + " all rows:");
      lines.add("");
      lines.add("| from | to | harmful | | p | Holm | safe | | p | Holm |");
      lines.add("|---|" + "---|".repeat(9));
      List<Pair> pairs = pairs();
      double[] adjusted = adjusted(pairs);
      for (int i = 0; i < pairs.size(); i++) {
        Pair p = pairs.get(i);
        lines.add(
            "| "
                + MarkdownTable.cell(label(p.one))
                + " | "
                + MarkdownTable.cell(label(p.other))
                + change(p.harmful, adjusted[2 * i])
                + change(p.safe, adjusted[2 * i + 1])
                + " |");
      }
    }
    if (!attacks.isEmpty()) {
      lines.add("");
      lines.add("RR harmful / RR safe, delta-RR; means over guards of the same name:");
      lines.add("");
      lines.add(
          "| wording | "
              + String.join(" | ", names().stream().map(MarkdownTable::cell).toList())
              + " |");
      lines.add("|---|" + "---|".repeat(names().size()));
      for (Group group : groups()) {
        lines.add("| " + group.name + cells(group.gap) + " |");
      }
      lines.add("");
      lines.add(
          "| attack | "
              + String.join(" | ", names().stream().map(MarkdownTable::cell).toList())
              + " |");
      lines.add("|---|" + "---|".repeat(names().size()));
      for (Attack attack : Arrays.stream(Attack.values()).filter(attacks::contains).toList()) {
        String mark = trained.contains(attack) ? ", trained" : "";
        lines.add(
            "| " + AttackList.name(attack) + mark + cells(r -> r.under(List.of(attack))) + " |");
      }
    }
    return String.join("\n", lines) + "\n";
  }

  private static String change(PairedProportions p, double adjusted) {
    return p.n() == 0
        ? " | | | | "
        : String.format(
            Locale.ROOT,
            " | %+.1f (%+.1f to %+.1f) | %d / %d | %s | %s",
            100 * p.difference(),
            100 * p.lo(),
            100 * p.hi(),
            p.onlyFirst(),
            p.onlySecond(),
            PairedText.probability(p.pValue()),
            PairedText.probability(adjusted));
  }

  private String cells(Function<AttackEvaluator.Report, RefusalGap> gap) {
    StringBuilder line = new StringBuilder();
    for (String name : names()) {
      line.append(
          String.format(
              Locale.ROOT,
              " | %.2f / %.2f, %+.2f",
              mean(name, r -> gap.apply(r).harmful().rate()),
              mean(name, r -> gap.apply(r).safe().rate()),
              mean(name, r -> gap.apply(r).difference())));
    }
    return line.toString();
  }

  private static String of(Rate r) {
    return of("%.3f", r.rate(), r.lo(), r.hi());
  }

  private static String of(String format, double value, double lo, double hi) {
    return String.format(
        Locale.ROOT, format + " (" + format + " to " + format + ")", value, lo, hi);
  }

  private static String number(String format, double value) {
    return Double.isNaN(value) ? " | " : String.format(Locale.ROOT, format, value);
  }
}
