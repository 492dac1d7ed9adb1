package org.alignment4j.examples.report;

import com.google.common.html.HtmlEscapers;
import java.util.Locale;

/** Text for pages, which are HTML and XML at once. */
final class Markup {
  private static final int REPLACEMENT = 0xFFFD;

  private Markup() {}

  /**
   * Text as markup. What XML does not allow, and what turns the direction of the text around it, is
   * replaced by U+FFFD; line ends and tabs become spaces.
   */
  static String text(String raw) {
    StringBuilder clean = new StringBuilder();
    raw.codePoints().map(Markup::allowed).forEach(clean::appendCodePoint);
    return HtmlEscapers.htmlEscaper().escape(clean.toString());
  }

  private static int allowed(int c) {
    if (c == '\n' || c == '\r' || c == '\t') {
      return ' ';
    }
    boolean surrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
    boolean turns = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    boolean none = (c & 0xFFFE) == 0xFFFE;
    return surrogate || turns || none || Character.isISOControl(c) ? REPLACEMENT : c;
  }

  static String of(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
