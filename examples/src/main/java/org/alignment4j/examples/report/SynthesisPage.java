package org.alignment4j.examples.report;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.alignment4j.synthesis.ModelUsage;
import org.alignment4j.synthesis.SynthesisReport;

/** Report of a synthesis run as a page: funnel, drops, lengths, style and cost. */
public final class SynthesisPage {
  private SynthesisPage() {}

  /**
   * Returns the page, which loads no resources and runs no scripts; the same report yields the same
   * text.
   *
   * @param title the page's heading
   */
  public static String of(String title, SynthesisReport report) {
    HtmlPage page = new HtmlPage(title);
    SynthesisFunnel funnel = new SynthesisFunnel(report.stages());
    headline(page, report);
    new FunnelSection(funnel).addTo(page);
    new DropsSection(funnel).addTo(page);
    new LengthsSection(report).addTo(page);
    new StyleSection(report).addTo(page);
    new UsageSection(report).addTo(page);
    return page.html();
  }

  private static void headline(HtmlPage page, SynthesisReport report) {
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
      page.notice("The run stopped before the last text: " + report.stopped());
    }
    if (report.unanswered() > 0) {
      page.notice(
          Figures.count(report.unanswered())
              + " items were left open since a model did not answer. Another run requests them"
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

  private static String per100(long part, long whole) {
    return whole == 0 ? Figures.NONE : Figures.fixed(100.0 * part / whole, 1);
  }
}
