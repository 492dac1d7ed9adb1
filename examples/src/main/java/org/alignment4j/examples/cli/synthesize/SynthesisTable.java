package org.alignment4j.examples.cli.synthesize;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.alignment4j.data.synthesis.SynthesisEstimate;
import org.alignment4j.synthesis.ModelUsage;
import org.alignment4j.synthesis.SynthesisReport;
import org.alignment4j.synthesis.SynthesisReport.StageYield;
import org.alignment4j.synthesis.SynthesisReport.StyleBaseline;

/** Formats a synthesis report as text. */
final class SynthesisTable {
  private SynthesisTable() {}

  static String of(SynthesisDescription description, SynthesisReport report) {
    StringBuilder text = new StringBuilder();
    row(text, "%-24s %8s %8s  %s", "stage", "in", "out", "dropped");
    for (StageYield stage : stages(report)) {
      String dropped =
          stage.dropped().entrySet().stream()
              .map(e -> e.getKey() + " " + e.getValue())
              .collect(Collectors.joining(", "));
      row(text, "%-24s %8d %8d  %s", stage.stage(), stage.in(), stage.out(), dropped);
    }
    usage(text, report.usage());
    if (!report.usageOfAllRuns().equals(report.usage())) {
      row(text, "all runs into this folder:");
      usage(text, report.usageOfAllRuns());
    }
    StyleBaseline style = report.styles().get("all");
    if (style != null && report.pairs() > 0) {
      row(
          text,
          "style alone ranks chosen above rejected: length %.1f %%, refusal %.1f %% of pairs",
          100 * style.lengthAccuracy(),
          100 * style.refusalAccuracy());
    }
    String what =
        description.expert().isPresent()
            ? report.pairs() + " pairs"
            : "instructions only: no judge and no expert";
    row(text, "%d texts, %s", report.texts(), what);
    return text.toString().stripTrailing();
  }

  /** Returns each stage, summed over all categories. */
  static List<StageYield> stages(SynthesisReport report) {
    Map<String, StageYield> sums = new LinkedHashMap<>();
    for (StageYield stage : report.stages()) {
      StageYield all = new StageYield(stage.stage(), "", stage.in(), stage.out(), stage.dropped());
      sums.merge(stage.stage(), all, StageYield::plus);
    }
    return List.copyOf(sums.values());
  }

  static String estimate(SynthesisDescription description, SynthesisEstimate estimate, String how) {
    StringBuilder text = new StringBuilder();
    usage(text, estimate.usage());
    Map<String, ModelUsage> costs = new TreeMap<>();
    for (ModelUsage usage : estimate.usage()) {
      if (!usage.currency().isEmpty()) {
        costs.merge(usage.currency(), named(usage, "all"), ModelUsage::plus);
      }
    }
    row(
        text,
        "%d texts%s; %s",
        estimate.texts(),
        description.expert().isPresent()
            ? ", about %.0f pairs".formatted(estimate.pairs())
            : ", instructions only",
        how);
    costs.forEach((currency, usage) -> row(text, "about %s %s", round(usage.cost()), currency));
    return text.toString().stripTrailing();
  }

  private static ModelUsage named(ModelUsage usage, String name) {
    return new ModelUsage(
        name,
        usage.sent(),
        usage.fromStore(),
        usage.failed(),
        usage.retries(),
        usage.promptTokens(),
        usage.completionTokens(),
        usage.cost(),
        usage.currency());
  }

  private static void usage(StringBuilder text, List<ModelUsage> all) {
    row(
        text,
        "%-32s %8s %8s %8s %8s %10s %10s %12s",
        "model",
        "sent",
        "stored",
        "failed",
        "retries",
        "prompt",
        "completion",
        "cost");
    for (ModelUsage usage : all) {
      row(
          text,
          "%-32s %8d %8d %8d %8d %10d %10d %12s",
          shortened(usage.model()),
          usage.sent(),
          usage.fromStore(),
          usage.failed(),
          usage.retries(),
          usage.promptTokens(),
          usage.completionTokens(),
          usage.currency().isEmpty() ? "-" : round(usage.cost()) + " " + usage.currency());
    }
  }

  private static String shortened(String name) {
    return name.length() <= 32 ? name : name.substring(0, 31) + "\u2026";
  }

  private static String round(BigDecimal cost) {
    return cost.setScale(4, RoundingMode.HALF_UP).toPlainString();
  }

  static Map<String, Object> map(ModelUsage usage) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("model", usage.model());
    map.put("requests", usage.answered());
    map.put("prompt_tokens", usage.promptTokens());
    map.put("completion_tokens", usage.completionTokens());
    map.put("cost", usage.cost());
    map.put("currency", usage.currency());
    return map;
  }

  private static void row(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
  }
}
