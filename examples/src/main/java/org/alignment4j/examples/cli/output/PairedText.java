package org.alignment4j.examples.cli.output;

import java.util.Locale;
import org.alignment4j.analysis.PairedProportions;
import org.alignment4j.evaluation.OverRefusal.OverRefusalReport.BeforeAfter;
import org.alignment4j.evaluation.Rate;

/** Formats rates before and after on the same prompts. */
public final class PairedText {
  private PairedText() {}

  /** Returns one line, or two if it is known which prompts changed. */
  public static String of(BeforeAfter pair) {
    String rates = of(pair.before()) + "  ->  " + of(pair.after());
    PairedProportions paired = pair.paired();
    return paired == null ? rates : rates + "\n  " + of(paired);
  }

  /** Returns the change with its significance. */
  public static String of(PairedProportions p) {
    return p.n() == 0
        ? "no prompts"
        : String.format(
            Locale.ROOT,
            "change %+.1f points (95 %% interval %+.1f to %+.1f), %d no longer, %d newly; McNemar's"
                + " exact test p = %s",
            100 * p.difference(),
            100 * p.lo(),
            100 * p.hi(),
            p.onlyFirst(),
            p.onlySecond(),
            probability(p.pValue()));
  }

  public static String probability(double p) {
    return p < 1e-4 ? String.format(Locale.ROOT, "%.1e", p) : String.format(Locale.ROOT, "%.4f", p);
  }

  public static String of(Rate r) {
    return r.n() == 0
        ? "no prompts"
        : String.format(
            Locale.ROOT,
            "%d of %d (%.0f %%, 95 %% interval %.0f to %.0f)",
            r.k(),
            r.n(),
            100 * r.rate(),
            100 * r.lo(),
            100 * r.hi());
  }
}
