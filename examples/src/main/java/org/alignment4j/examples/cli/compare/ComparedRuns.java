package org.alignment4j.examples.cli.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.evaluation.PreferenceReport;
import org.alignment4j.evaluation.WinRate;
import org.alignment4j.examples.report.Figures;
import org.alignment4j.examples.report.PreferencePage;

/**
 * Formats finished runs as tables and as JSON.
 *
 * @param runs in the order of the file
 * @param comparisons comparisons between them
 */
record ComparedRuns(List<ComparedRun> runs, List<RunComparison> comparisons) {
  static ComparedRuns of(List<ComparedRun> runs) {
    return new ComparedRuns(runs, RunComparison.all(runs));
  }

  private List<String> settings() {
    return runs.stream().map(ComparedRun::setting).distinct().toList();
  }

  private List<ComparedRun> of(String setting) {
    return runs.stream().filter(r -> r.setting().equals(setting)).toList();
  }

  /** Returns a table of all runs with means over seeds, and one of the comparisons, as Markdown. */
  String markdown() {
    List<String> lines = new ArrayList<>();
    lines.add(
        "| method | seed | pair accuracy, mean log-probability | its sum | KL, nats per token |"
            + " length, tokens | repetition | win rate, ties half | seconds | peak memory, MiB |");
    lines.add("|---|---|---|---|---|---|---|---|---|---|");
    for (String setting : settings()) {
      List<ComparedRun> own = of(setting);
      own.forEach(r -> lines.add(line(r)));
      if (own.size() > 1) {
        lines.add(means(setting, own));
      }
    }
    if (runs.stream().anyMatch(ComparedRun::resumed)) {
      lines.add("");
      lines.add("\\* resumed after an interruption: training steps only.");
    }
    if (!comparisons.isEmpty()) {
      lines.add("");
      lines.add(
          "| method | compared with | seed | difference of pair accuracy |"
              + " of the margin, nats per token | p | p, Holm | detectable |");
      lines.add("|---|---|---|---|---|---|---|---|");
      comparisons.forEach(c -> lines.add(line(c)));
    }
    return String.join("\n", lines) + "\n";
  }

  private static String line(RunComparison c) {
    String format =
        c.seeds().size() == 1
            ? "| %s | %s | %s | %s | %s | %s | %s | %s |"
            : "| **%s** | %s | %s | %s | %s | %s | %s | %s |";
    return String.format(
        Locale.ROOT,
        format,
        c.setting(),
        c.baseline(),
        c.seed(),
        of("%+.3f", c.accuracy()),
        of("%+.4f", c.margin()),
        Figures.pValue(c.p()),
        Double.isNaN(c.adjusted()) ? "" : Figures.pValue(c.adjusted()),
        Figures.score(c.detectable()));
  }

  private static String line(ComparedRun r) {
    return String.format(
        Locale.ROOT,
        "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |",
        r.setting(),
        r.method().equals(ComparedRun.START) ? "" : r.seed(),
        of("%.3f", r.report().accuracy()),
        of("%.3f", r.report().accuracyBySum()),
        of("%.4f", r.report().divergence()),
        of("%.1f", r.report().length()),
        of("%.3f", r.report().repetition()),
        r.winRate() == null ? "" : of("%.3f", r.winRate().winRate()),
        r.method().equals(ComparedRun.START)
            ? ""
            : String.format(Locale.ROOT, "%.0f%s", r.seconds(), r.resumed() ? "\\*" : ""),
        r.peakMib() == null ? "" : String.format(Locale.ROOT, "%.0f", r.peakMib()));
  }

  private static String means(String setting, List<ComparedRun> own) {
    return String.format(
        Locale.ROOT,
        "| **%s, mean of %d** | | %s | %s | %s | %s | %s | | | |",
        setting,
        own.size(),
        mean("%.3f", own, PreferenceReport::accuracy),
        mean("%.3f", own, PreferenceReport::accuracyBySum),
        mean("%.4f", own, PreferenceReport::divergence),
        mean("%.1f", own, PreferenceReport::length),
        mean("%.3f", own, PreferenceReport::repetition));
  }

  private static String mean(
      String format, List<ComparedRun> own, Function<PreferenceReport, Interval> figure) {
    double[] values =
        own.stream().mapToDouble(r -> figure.apply(r.report()).estimate()).sorted().toArray();
    double sum = 0;
    for (double v : values) {
      sum += v;
    }
    return Double.isNaN(sum)
        ? ""
        : String.format(
            Locale.ROOT,
            "**" + format + "** " + format + " to " + format,
            sum / values.length,
            values[0],
            values[values.length - 1]);
  }

  private static String of(String format, Interval i) {
    return Double.isNaN(i.estimate())
        ? ""
        : String.format(
            Locale.ROOT,
            format + " (" + format + " to " + format + ")",
            i.estimate(),
            i.lo(),
            i.hi());
  }

  /** Returns the runs and comparisons as a page; see {@link PreferencePage}. */
  String page(String title, List<String> protocol, String svg) {
    return PreferencePage.of(
        title,
        protocol,
        runs.stream().map(ComparedRuns::row).toList(),
        comparisons.stream().map(ComparedRuns::row).toList(),
        svg);
  }

  private static PreferencePage.Run row(ComparedRun r) {
    boolean start = r.method().equals(ComparedRun.START);
    return new PreferencePage.Run(
        start ? r.setting() : r.setting() + ", seed " + r.seed(),
        r.report(),
        r.winRate(),
        start ? Double.NaN : r.seconds(),
        r.peakMib() == null ? Double.NaN : r.peakMib());
  }

  private static PreferencePage.Difference row(RunComparison c) {
    return new PreferencePage.Difference(
        c.setting() + " less " + c.baseline() + (c.seeds().size() > 1 ? "" : ", seed " + c.seed()),
        c.accuracy(),
        c.margin(),
        c.p(),
        c.adjusted(),
        c.detectable());
  }

  /** Returns runs, without the scores of single pairs, and comparisons, for JSON. */
  Map<String, Object> toMap() {
    Map<String, Object> json = new LinkedHashMap<>();
    List<Map<String, Object>> all = new ArrayList<>();
    for (ComparedRun r : runs) {
      Map<String, Object> one = new LinkedHashMap<>(r.toMap());
      Map<String, Object> report = new LinkedHashMap<>(r.report().toMap());
      report.keySet().removeAll(List.of("pairs", "answers"));
      one.put("report", report);
      WinRate judged = r.winRate();
      if (judged != null) {
        Map<String, Object> rate = new LinkedHashMap<>(judged.toMap());
        rate.remove("comparisons");
        one.put("win_rate", rate);
      }
      one.remove("trainings");
      all.add(one);
    }
    json.put("runs", all);
    json.put("comparisons", comparisons.stream().map(RunComparison::toMap).toList());
    return json;
  }
}
