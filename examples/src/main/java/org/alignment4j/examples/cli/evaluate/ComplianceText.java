package org.alignment4j.examples.cli.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.alignment4j.evaluation.OverRefusal.ComplianceSummary;

/** Formats ACTOR's scores before and after. */
final class ComplianceText {
  private ComplianceText() {}

  /**
   * Returns a line for each score: Avg C.R., S.S. and T.S., and C.R. of each set if there are
   * several.
   */
  static String of(ComplianceSummary before, ComplianceSummary after) {
    List<String> lines = new ArrayList<>();
    if (before.compliance().size() > 1) {
      before
          .compliance()
          .forEach(
              (set, rate) -> {
                double then = after.compliance().getOrDefault(set, rate).rate();
                lines.add(line("C.R. of " + set, rate.rate(), then));
              });
    }
    lines.add(line("Avg C.R.", before.averageCompliance(), after.averageCompliance()));
    lines.add(line("S.S.", before.safety().rate(), after.safety().rate()));
    lines.add(line("T.S.", before.tradeOff(), after.tradeOff()));
    return String.join("\n", lines);
  }

  private static String line(String name, double before, double after) {
    return name + ": " + percent(before) + " -> " + percent(after);
  }

  static String percent(double share) {
    return Double.isNaN(share) ? "-" : String.format(Locale.ROOT, "%.1f", 100 * share);
  }
}
