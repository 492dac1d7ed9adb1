package org.alignment4j.examples.report;

import java.util.ArrayList;
import java.util.List;

/** An HTML table that scrolls in a box of its own; the first cell of a row is its heading. */
final class Table {
  private final String caption;
  private final List<String> head;
  private final StringBuilder rows = new StringBuilder();
  private List<Cell> first = List.of();
  private int size;

  /** One cell. */
  record Cell(String text, String below, boolean number, Markup style) {
    private static final Markup NO_STYLE = Markup.of("");

    static Cell text(String text) {
      return new Cell(text, "", false, NO_STYLE);
    }

    static Cell number(String text) {
      return new Cell(text, "", true, NO_STYLE);
    }

    /** A number with smaller text below it. */
    static Cell number(String text, String below) {
      return new Cell(text, below, true, NO_STYLE);
    }

    /**
     * A number on a background colour: blue below 0, orange above, stronger with distance from 0.
     *
     * @param widest the value of the strongest colour, above 0
     */
    static Cell heat(double value, double widest, String text, String below) {
      if (!Double.isFinite(value)) {
        return number(text, below);
      }
      double strength = 0.6 * Math.min(1, Math.abs(value) / widest);
      return new Cell(
          text,
          below,
          true,
          Markup.of(
              " style=\"background-color:rgba(%s,%.3f)\"",
              value < 0 ? "47,128,195" : "217,130,43", strength));
    }
  }

  /**
   * An empty table.
   *
   * @param caption describes the contents
   */
  Table(String caption, List<String> head) {
    this.caption = caption;
    this.head = List.copyOf(head);
  }

  /** Adds a row: its name, then the cells. */
  Table row(String name, List<Cell> cells) {
    // Names of data sets are long; they may break at underscores.
    String broken = Markup.text(name).toString().replace("_", "_<wbr/>");
    rows.append("<tr><th scope=\"row\">").append(broken).append("</th>");
    for (Cell cell : cells) {
      rows.append("<td").append(cell.number ? " class=\"n\"" : "").append(cell.style);
      rows.append('>').append(Markup.text(cell.text));
      if (!cell.below.isEmpty()) {
        rows.append("<small>").append(Markup.text(cell.below)).append("</small>");
      }
      rows.append("</td>");
    }
    rows.append("</tr>\n");
    first = size == 0 ? List.copyOf(cells) : first;
    size++;
    return this;
  }

  /** Adds a row of numbers. */
  Table numbers(String name, String... numbers) {
    List<Cell> cells = new ArrayList<>();
    for (String number : numbers) {
      cells.add(Cell.number(number));
    }
    return row(name, cells);
  }

  int size() {
    return size;
  }

  String caption() {
    return caption;
  }

  String html() {
    Markup name = Markup.text(caption);
    StringBuilder s = new StringBuilder();
    s.append("<p class=\"caption\" aria-hidden=\"true\">").append(name).append("</p>\n");
    s.append("<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"").append(name);
    s.append("\"><table aria-label=\"").append(name).append("\">\n<thead><tr>");
    for (int i = 0; i < head.size(); i++) {
      boolean number = i > 0 && i <= first.size() && first.get(i - 1).number;
      s.append("<th scope=\"col\"").append(number ? " class=\"n\">" : ">");
      s.append(Markup.text(head.get(i))).append("</th>");
    }
    return s.append("</tr></thead>\n<tbody>\n")
        .append(rows)
        .append("</tbody></table></div>\n")
        .toString();
  }
}
