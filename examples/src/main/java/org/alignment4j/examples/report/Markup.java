package org.alignment4j.examples.report;

import com.google.common.html.HtmlEscapers;
import java.util.Arrays;
import java.util.Locale;

/**
 * A piece of a page or picture, which is HTML or SVG and XML at once. Only literals of the program
 * are markup: whatever is put into them is text and is escaped, unless it is a number or a {@code
 * Markup} itself. Immutable.
 */
public final class Markup {
  private static final int REPLACEMENT = 0xFFFD;

  private final String markup;

  private Markup(String markup) {
    this.markup = markup;
  }

  /**
   * Text as markup, in elements and in quoted attributes. What XML does not allow, and what turns
   * the direction of the text around it, is replaced by U+FFFD; line ends and tabs become spaces.
   */
  static Markup text(String raw) {
    StringBuilder clean = new StringBuilder();
    raw.codePoints().map(Markup::allowed).forEach(clean::appendCodePoint);
    return new Markup(HtmlEscapers.htmlEscaper().escape(clean.toString()));
  }

  private static int allowed(int c) {
    if (c == '\n' || c == '\r' || c == '\t') {
      return ' ';
    }
    boolean surrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
    boolean turns =
        (c >= 0x202A && c <= 0x202E)
            || (c >= 0x2066 && c <= 0x2069)
            || c == 0x200E
            || c == 0x200F
            || c == 0x061C;
    boolean none = (c & 0xFFFE) == 0xFFFE;
    return surrogate || turns || none || Character.isISOControl(c) ? REPLACEMENT : c;
  }

  /**
   * A literal with its placeholders filled, in the forms of {@link String#format} without a locale.
   *
   * @param format markup, a literal
   * @param values numbers, markup, and texts to be escaped
   */
  public static Markup of(String format, Object... values) {
    Object[] safe =
        Arrays.stream(values)
            .map(v -> v instanceof Number || v instanceof Markup ? v : text(String.valueOf(v)))
            .toArray();
    return new Markup(String.format(Locale.ROOT, format, safe));
  }

  /** The markup as it goes into a file. */
  @Override
  public String toString() {
    return markup;
  }
}
