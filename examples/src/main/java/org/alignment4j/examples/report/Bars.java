package org.alignment4j.examples.report;

import java.util.List;
import org.alignment4j.examples.report.Svg.Anchor;
import org.alignment4j.examples.report.Svg.Weight;

/**
 * Horizontal bar chart, each bar below its label, so that long labels fit on narrow screens.
 *
 * @param title the plot's name
 * @param description what it shows
 * @param series names of the stacked parts of a bar
 * @param whole the value of a full-width bar; 0 for the largest value
 * @param rows from top to bottom
 */
record Bars(String title, String description, List<String> series, double whole, List<Row> rows) {
  private static final double HEIGHT = 14;

  /**
   * One bar.
   *
   * @param value the number next to the label
   * @param behind a pale bar behind it; 0 for none
   * @param parts at least 0 each; values that are not finite are not drawn
   * @param notes lines below the bar
   */
  record Row(String label, String value, double behind, List<Double> parts, List<String> notes) {
    private double sum() {
      return parts.stream().mapToDouble(Row::finite).sum();
    }

    private static double finite(double value) {
      return Double.isFinite(value) ? value : 0;
    }
  }

  String svg() {
    Svg svg = new Svg();
    double y = svg.legend(series, 0);
    double widest =
        whole > 0
            ? whole
            : Math.max(
                1e-9, rows.stream().mapToDouble(r -> Math.max(r.behind, r.sum())).max().orElse(1));
    for (Row row : rows) {
      double valueWidth = Svg.width(row.value, 14) + 14;
      svg.text(0, y + 14, Anchor.START, Weight.PLAIN, Svg.WIDTH - valueWidth, row.label);
      svg.text(Svg.WIDTH, y + 14, Anchor.END, Weight.BOLD, Svg.WIDTH, row.value);
      y += 20;
      svg.rect("track", 0, y, Svg.WIDTH, HEIGHT);
      svg.rect("behind", 0, y, Svg.WIDTH * row.behind / widest, HEIGHT);
      double x = 0;
      for (int i = 0; i < row.parts.size(); i++) {
        double part = Svg.WIDTH * Row.finite(row.parts.get(i)) / widest;
        svg.rect(Svg.colour(i), x, y, part, HEIGHT);
        x += part;
      }
      y += HEIGHT;
      for (String note : row.notes) {
        y += 16;
        svg.text(8, y, Anchor.START, Weight.NOTE, Svg.WIDTH - 8, note);
      }
      y += 14;
    }
    return svg.plot(title, description, y);
  }
}
