package org.alignment4j.examples.report;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;

/** Formats numbers for readers; a dash for those that are not defined. */
public final class Figures {
  static final String NONE = "–";

  private Figures() {}

  static String count(long n) {
    return String.format(Locale.ROOT, "%,d", n);
  }

  /** Formats a share in percent. */
  static String percent(double share) {
    return Double.isFinite(share) ? fixed(100 * share, 1) + " %" : NONE;
  }

  /** Formats a score of about -1 to 1. */
  public static String score(double value) {
    return Double.isFinite(value) ? fixed(value, 3) : NONE;
  }

  static String interval(double lo, double hi) {
    return Double.isFinite(lo) && Double.isFinite(hi)
        ? "[" + score(lo) + ", " + score(hi) + "]"
        : "";
  }

  /** Formats a p-value. */
  public static String pValue(double p) {
    return !Double.isFinite(p) ? NONE : p < 0.0001 ? "< 0.0001" : fixed(p, 4);
  }

  /** Formats an amount with at least two decimal places. */
  static String money(BigDecimal amount) {
    BigDecimal plain = amount.stripTrailingZeros();
    return (plain.scale() < 2 ? plain.setScale(2, RoundingMode.UNNECESSARY) : plain)
        .toPlainString();
  }

  /** Formats with the given number of decimal places, and no minus before a zero. */
  static String fixed(double value, int digits) {
    String text = String.format(Locale.ROOT, "%,." + digits + "f", value);
    return text.matches("-[0.]+") ? text.substring(1) : text;
  }
}
