package org.alignment4j.examples.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.alignment4j.analysis.Roc;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.evaluation.RefusalGap;
import org.alignment4j.examples.cli.GuardedAnswers.Latency;
import org.alignment4j.sysformer.Attack;
import org.alignment4j.sysformer.AttackFamily;
import org.alignment4j.sysformer.AttackReport;
import org.jspecify.annotations.Nullable;

/**
 * What {@code guard evaluate} found, as tables.
 *
 * @param rows measured, the plain system prompt first
 * @param attacks measured
 * @param trained attacks that guards were trained with
 */
record GuardTable(List<Row> rows, List<Attack> attacks, List<Attack> trained) {
  /**
   * One guard.
   *
   * @param name method
   * @param source folder, or nothing
   * @param rouge mean ROUGE-L F1 of its answers to safe prompts against the unguarded model's
   * @param roc of its harm scores on the prompts as they are; null if it has none
   * @param latency of its checks; null if not timed
   */
  record Row(
      String name,
      String source,
      AttackReport report,
      double rouge,
      @Nullable Roc roc,
      @Nullable Latency latency) {
    Map<String, @Nullable Object> toMap() {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      map.put("name", name);
      map.put("source", source);
      map.putAll(report.toMap());
      map.put("rouge_l_safe", Double.isNaN(rouge) ? null : rouge);
      map.put("auroc", roc == null ? null : roc.auroc());
      map.put("auprc", roc == null ? null : roc.averagePrecision());
      map.put("check_ms", latency == null ? null : GuardTable.map(latency));
      return map;
    }
  }

  static Map<String, Object> map(Latency l) {
    return Map.of("p50", l.p50(), "p95", l.p95(), "n", l.n());
  }

  /** A wording, or several, that refusals are told of. */
  record Group(String name, Function<AttackReport, RefusalGap> gap) {}

  /** The prompts as they are, then families, those that were trained with told from the others. */
  List<Group> groups() {
    List<Group> all = new ArrayList<>();
    all.add(new Group("as they are", AttackReport::plain));
    for (AttackFamily family : AttackFamily.values()) {
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

  /** The mean of a figure over the guards of a name. */
  double mean(String name, ToDoubleFunction<AttackReport> figure) {
    return of(name).stream()
        .mapToDouble(r -> figure.applyAsDouble(r.report))
        .average()
        .orElse(Double.NaN);
  }

  String markdown() {
    List<String> lines = new ArrayList<>();
    List<AttackReport.Entry> sets =
        rows.get(0).report.entries().stream().filter(e -> e.attack() == null).toList();
    lines.add(
        "| guard | "
            + String.join(
                " | ", sets.stream().map(AttackReport.Entry::set).map(MarkdownTable::cell).toList())
            + " | RR harmful | RR safe | delta-RR | ROUGE-L, safe | AUROC | AUPRC | check p50, ms |"
            + " p95, ms |");
    lines.add("|---|" + "---|".repeat(sets.size() + 8));
    for (Row row : rows) {
      StringBuilder line = new StringBuilder("| " + MarkdownTable.cell(row.name));
      for (AttackReport.Entry e : row.report.entries()) {
        if (e.attack() == null) {
          line.append(" | ").append(e.refused().k()).append('/').append(e.refused().n());
        }
      }
      RefusalGap gap = row.report.plain();
      line.append(" | ").append(of(gap.harmful())).append(" | ").append(of(gap.safe()));
      line.append(" | ").append(of("%+.3f", gap.difference(), gap.lo(), gap.hi()));
      line.append(number(" | %.3f", row.rouge));
      line.append(number(" | %.3f", row.roc == null ? Double.NaN : row.roc.auroc()));
      line.append(number(" | %.3f", row.roc == null ? Double.NaN : row.roc.averagePrecision()));
      line.append(number(" | %.2f", row.latency == null ? Double.NaN : row.latency.p50()));
      line.append(number(" | %.2f", row.latency == null ? Double.NaN : row.latency.p95()));
      lines.add(line + " |");
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

  private String cells(Function<AttackReport, RefusalGap> gap) {
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
