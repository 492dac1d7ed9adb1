package org.alignment4j.examples.cli.output;

import java.util.Locale;
import org.alignment4j.analysis.Auroc;

/** Formats areas under a ROC curve. */
public final class AurocText {
  private AurocText() {}

  /** Returns the estimate with its interval. */
  public static String of(Auroc a) {
    return Double.isNaN(a.estimate())
        ? "not measured"
        : String.format(Locale.ROOT, "%.3f (%.3f to %.3f)", a.estimate(), a.lo(), a.hi());
  }
}
