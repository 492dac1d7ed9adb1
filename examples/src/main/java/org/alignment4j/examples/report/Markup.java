package org.alignment4j.examples.report;

import com.google.common.html.HtmlEscapers;
import com.google.errorprone.annotations.Immutable;
import java.util.Arrays;
import java.util.Locale;

/**
 * A fragment of a page or figure that is valid both as HTML or SVG and as XML. Only literals of the
 * program are markup: inserted values are escaped as text, unless they are numbers or {@code
 * Markup}. Immutable.
 */
@Immutable
public final class Markup {
  private static final int REPLACEMENT = 0xFFFD;

  private final String markup;

  private Markup(String markup) {
    this.markup = markup;
  }

  /**
   * Returns text as markup, for elements and quoted attributes. Characters that XML does not allow,
   * and those that change the text direction, are replaced by U+FFFD; line ends and tabs become
   * spaces.
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
   * Returns a literal with its placeholders filled, in the syntax of {@link String#format} without
   * a locale.
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

  /** Returns the markup as written to a file. */
  @Override
  public String toString() {
    return markup;
  }
}
