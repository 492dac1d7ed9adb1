package org.alignment4j.examples.report;

import java.util.List;

/**
 * Draws one plot, from top to bottom, as wide as its column. Colours are classes of the page's
 * style sheet, so that they follow the reader's colour scheme.
 */
final class Svg {
  /** Width in user units, chosen so that text in a column is about as large as the page's. */
  static final double WIDTH = 400;

  private static final double SIZE = 13;
  private static final double NOTE_SIZE = 12;
  private static final int MARKS = 4;
  private static final int COLOURS = 7;

  private final StringBuilder s = new StringBuilder();

  /** Draws text, cut to fit a width; the full text is its tooltip. */
  Svg text(double x, double y, Anchor anchor, Weight weight, double width, String text) {
    String shown = fit(text, width, weight.size);
    s.append(
        Markup.of(
            "<text x=\"%.1f\" y=\"%.1f\"%s%s>%s%s</text>\n",
            x,
            y,
            anchor.attribute,
            weight.attribute,
            shown,
            shown.equals(text) ? "" : Markup.of("<title>%s</title>", text)));
    return this;
  }

  Svg rect(String style, double x, double y, double width, double height) {
    s.append(
        Markup.of(
            "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
            style, x, y, Math.max(0, width), height));
    return this;
  }

  Svg line(String style, double x1, double y1, double x2, double y2) {
    s.append(
        Markup.of(
            "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
            style, x1, y1, x2, y2));
    return this;
  }

  /** Draws a series' mark, identified by colour and shape. */
  Svg mark(int series, double x, double y, String tooltip) {
    Markup shape =
        switch (series % MARKS) {
          case 0 -> Markup.of("M%.1f %.1fa4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", x - 4, y);
          case 1 -> Markup.of("M%.1f %.1fh8v8h-8z", x - 4, y - 4);
          case 2 -> Markup.of("M%.1f %.1fl5 5l-5 5l-5 -5z", x, y - 5);
          default -> Markup.of("M%.1f %.1fl5 9h-10z", x, y - 5);
        };
    s.append(Markup.of("<path d=\"%s\" class=\"mark %s\"", shape, colour(series)));
    s.append(tooltip.isEmpty() ? "/>\n" : Markup.of("><title>%s</title></path>\n", tooltip));
    return this;
  }

  /** Draws names next to their marks, in as many lines as needed; returns the y below them. */
  double legend(List<String> names, double y) {
    if (names.size() < 2) {
      return y;
    }
    double x = 0;
    double row = y;
    for (int i = 0; i < names.size(); i++) {
      double width = Math.min(WIDTH - 16, width(names.get(i), SIZE));
      if (x > 0 && x + 16 + width > WIDTH) {
        x = 0;
        row += 20;
      }
      mark(i, x + 6, row + 10, "");
      text(x + 16, row + 14.5, Anchor.START, Weight.PLAIN, width + 1, names.get(i));
      x += 16 + width + 18;
    }
    return row + 28;
  }

  /**
   * Returns the plot.
   *
   * @param title the plot's name, for screen readers
   * @param description what it shows
   */
  String plot(String title, String description, double height) {
    Markup head =
        Markup.of(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" role=\"img\">\n",
            WIDTH, Math.ceil(height));
    Markup names = Markup.of("<title>%s</title><desc>%s</desc>\n", title, description);
    return head.toString() + names + s + "</svg>\n";
  }

  static String colour(int series) {
    return "s" + series % COLOURS;
  }

  /** Cuts text to a width, estimated without the font. */
  static String fit(String text, double width, double size) {
    if (width(text, size) <= width) {
      return text;
    }
    StringBuilder kept = new StringBuilder();
    double used = size;
    for (int c : text.codePoints().toArray()) {
      used += width(c) * size;
      if (used > width) {
        break;
      }
      kept.appendCodePoint(c);
    }
    return kept.toString().strip() + "…";
  }

  static double width(String text, double size) {
    return size * text.codePoints().mapToDouble(Svg::width).sum();
  }

  private static double width(int c) {
    if (c >= 0x1100) {
      return 1.05;
    } else if ("ijlft.,:;'|!()[] ".indexOf(c) >= 0) {
      return 0.36;
    }
    return Character.isUpperCase(c) || "mw%@".indexOf(c) >= 0 ? 0.82 : 0.58;
  }

  /** Which part of a text its x coordinate refers to. */
  enum Anchor {
    START(""),
    MIDDLE(" text-anchor=\"middle\""),
    END(" text-anchor=\"end\"");

    private final Markup attribute;

    Anchor(String attribute) {
      this.attribute = Markup.of(attribute);
    }
  }

  /** Style of a text. */
  enum Weight {
    PLAIN("", SIZE),
    BOLD(" font-weight=\"600\"", SIZE * 1.06),
    NOTE(" class=\"note\"", NOTE_SIZE);

    private final Markup attribute;
    private final double size;

    Weight(String attribute, double size) {
      this.attribute = Markup.of(attribute);
      this.size = size;
    }
  }
}
