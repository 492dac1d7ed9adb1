package org.alignment4j.examples.report;

import com.google.common.io.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Builds an HTML page from top to bottom. All text is escaped. Not thread-safe. */
final class HtmlPage {
  private static final int MAX_NOTICES = 3;

  private final String title;
  private final StringBuilder body = new StringBuilder();

  HtmlPage(String title) {
    this.title = title;
  }

  /** Adds a heading: level 2 for sections, 3 for subsections. */
  HtmlPage heading(int level, String text) {
    body.append(Markup.of("<h%d>%s</h%d>\n", level, text, level));
    return this;
  }

  HtmlPage paragraph(String text) {
    body.append("<p>").append(Markup.text(text)).append("</p>\n");
    return this;
  }

  /** Adds a highlighted paragraph. */
  HtmlPage notice(String text) {
    body.append("<p class=\"notice\">").append(Markup.text(text)).append("</p>\n");
    return this;
  }

  /** Adds highlighted items; all but the first few are folded. */
  HtmlPage notices(List<String> items) {
    if (items.isEmpty()) {
      return this;
    }
    int shown = items.size() <= MAX_NOTICES + 1 ? items.size() : MAX_NOTICES;
    body.append("<div class=\"notice\">\n");
    list(false, items.subList(0, shown));
    if (shown < items.size()) {
      body.append(Markup.of("<details><summary>%d more</summary>\n", items.size() - shown));
      list(false, items.subList(shown, items.size()));
      body.append("</details>\n");
    }
    body.append("</div>\n");
    return this;
  }

  HtmlPage list(boolean numbered, List<String> items) {
    if (!items.isEmpty()) {
      String tag = numbered ? "ol" : "ul";
      body.append('<').append(tag).append(">\n");
      items.forEach(i -> body.append("<li>").append(Markup.text(i)).append("</li>\n"));
      body.append("</").append(tag).append(">\n");
    }
    return this;
  }

  /** Adds key figures, by name. */
  HtmlPage tiles(Map<String, String> tiles) {
    body.append("<dl class=\"tiles\">\n");
    tiles.forEach(
        (name, value) ->
            body.append(Markup.of("<div><dt>%s</dt><dd>%s</dd></div>\n", name, value)));
    body.append("</dl>\n");
    return this;
  }

  /**
   * Adds plots, side by side where there is room.
   *
   * @param plots the plots by their headings
   */
  HtmlPage plots(Map<String, String> plots) {
    body.append("<div class=\"plots\">\n");
    plots.forEach(
        (caption, svg) ->
            body.append("<figure><figcaption>")
                .append(Markup.text(caption))
                .append("</figcaption>\n")
                .append(svg)
                .append("</figure>\n"));
    body.append("</div>\n");
    return this;
  }

  HtmlPage table(Table table) {
    body.append(table.html());
    return this;
  }

  /** Adds a folded table. */
  HtmlPage closed(Table table) {
    if (table.size() > 0) {
      body.append("<details><summary>").append(Markup.text(table.caption()));
      body.append("</summary>\n").append(table.html()).append("</details>\n");
    }
    return this;
  }

  /** Adds the colour scale of a table's cells. */
  HtmlPage scale(double widest) {
    body.append("<p class=\"scale\" aria-hidden=\"true\"><span>-");
    body.append(Figures.score(widest)).append("</span><span>0</span><span>");
    body.append(Figures.score(widest)).append("</span></p>\n");
    return this;
  }

  String html() {
    Markup name = Markup.text(title);
    return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
        + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
        + "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>"
        + name
        + "</title>\n<style>\n"
        + style()
        + "</style>\n</head>\n<body>\n<main>\n<h1>"
        + name
        + "</h1>\n"
        + body
        + "</main>\n</body>\n</html>\n";
  }

  private static String style() {
    try {
      return Resources.toString(
          Resources.getResource(HtmlPage.class, "page.css"), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
