package org.alignment4j.examples.report;

import java.util.ArrayList;
import java.util.List;

/** A table that scrolls in a box of its own; the first cell of a row names it. */
final class Table {
  private final String caption;
  private final List<String> head;
  private final StringBuilder rows = new StringBuilder();
  private int size;

  /** One cell. */
  record Cell(String text, String below, String attributes) {
    static Cell text(String text) {
      return new Cell(text, "", "");
    }

    static Cell number(String text) {
      return new Cell(text, "", " class=\"n\"");
    }

    /** A number with smaller text below it. */
    static Cell number(String text, String below) {
      return new Cell(text, below, " class=\"n\"");
    }

    /**
     * A number on a colour: blue below 0, orange above, the stronger the farther away.
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
          Markup.of(
              " class=\"n\" style=\"background-color:rgba(%s,%.3f)\"",
              value < 0 ? "47,128,195" : "217,130,43", strength));
    }
  }

  /**
   * An empty table.
   *
   * @param caption says what is in it
   */
  Table(String caption, List<String> head) {
    this.caption = caption;
    this.head = List.copyOf(head);
  }

  /** Adds a row: its name, and the cells behind. */
  Table row(String name, List<Cell> cells) {
    rows.append("<tr><th scope=\"row\">").append(Markup.text(name)).append("</th>");
    for (Cell cell : cells) {
      rows.append("<td").append(cell.attributes).append('>').append(Markup.text(cell.text));
      if (!cell.below.isEmpty()) {
        rows.append("<small>").append(Markup.text(cell.below)).append("</small>");
      }
      rows.append("</td>");
    }
    rows.append("</tr>\n");
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
    String name = Markup.text(caption);
    StringBuilder s = new StringBuilder();
    s.append("<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"").append(name);
    s.append("\"><table><caption>").append(name).append("</caption>\n<thead><tr>");
    for (String column : head) {
      s.append("<th scope=\"col\">").append(Markup.text(column)).append("</th>");
    }
    return s.append("</tr></thead>\n<tbody>\n")
        .append(rows)
        .append("</tbody></table></div>\n")
        .toString();
  }
}
