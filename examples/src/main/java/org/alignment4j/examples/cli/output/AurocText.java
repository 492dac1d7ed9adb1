package org.alignment4j.examples.cli.output;

import java.util.Locale;
import org.alignment4j.analysis.Auroc;

/** Areas under a ROC curve, for people. */
public final class AurocText {
  private AurocText() {}

  /** The estimate with its interval. */
  public static String of(Auroc a) {
    return Double.isNaN(a.estimate())
        ? "not measured"
        : String.format(Locale.ROOT, "%.3f (%.3f to %.3f)", a.estimate(), a.lo(), a.hi());
  }
}
