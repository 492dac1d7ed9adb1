package org.alignment4j.examples.report;

import java.util.List;
import org.alignment4j.synthesis.ModelUsage;
import org.alignment4j.synthesis.SynthesisReport;

/** Section on the requests to models and their cost. */
final class UsageSection {
  private final SynthesisReport report;

  UsageSection(SynthesisReport report) {
    this.report = report;
  }

  void addTo(HtmlPage page) {
    page.heading(2, "Model requests and cost");
    if (report.usage().isEmpty()) {
      page.paragraph("No requests were recorded.");
      return;
    }
    page.table(table("Requests of this run, and those answered from the store", report.usage()));
    page.paragraph("Tokens and cost cover the requests that were sent in this run.");
    if (!report.usageOfAllRuns().equals(report.usage())) {
      page.table(table("Requests of all runs over the same store", report.usageOfAllRuns()));
      page.paragraph(
          "This run and those before it, including requests paid for by a run that"
              + " was killed.");
    }
  }

  private static Table table(String caption, List<ModelUsage> all) {
    Table table =
        new Table(
            caption,
            List.of(
                "Model",
                "Sent",
                "From store",
                "Failed",
                "Retries",
                "Prompt tokens",
                "Completion tokens",
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
    return table;
  }
}
