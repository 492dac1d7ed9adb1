package org.alignment4j.examples.report;

import java.util.List;
import java.util.stream.DoubleStream;
import org.alignment4j.examples.report.Svg.Anchor;
import org.alignment4j.examples.report.Svg.Weight;

/**
 * Plot of values with ranges around them, for several series below each row's label.
 *
 * @param title the plot's name
 * @param description what it shows
 * @param axisName what is measured, with its unit
 * @param reference a value that is marked by a line, such as no effect; NaN for no line
 * @param series names, in the order of each row's points
 * @param rows from top to bottom
 * @param box whether ranges are drawn as boxes, for quantiles, rather than as error bars
 */
record Ranges(
    String title,
    String description,
    String axisName,
    double reference,
    List<String> series,
    List<Row> rows,
    boolean box) {
  private static final double INSET = 22;
  private static final double STEP = 13;

  /** The points below one label. */
  record Row(String label, List<Point> points) {}

  /** A value and its range; a value that is not finite is left out. */
  record Point(double value, double lo, double hi) {
    DoubleStream finite() {
      return DoubleStream.of(value, lo, hi).filter(Double::isFinite);
    }
  }

  String svg() {
    Svg svg = new Svg();
    double top = svg.legend(series, 0);
    double rowHeight = 24 + series.size() * STEP;
    double bottom = top + rows.size() * rowHeight;
    DoubleStream values =
        rows.stream().flatMap(r -> r.points.stream()).flatMapToDouble(Point::finite);
    double[] all =
        DoubleStream.concat(values, DoubleStream.of(reference)).filter(Double::isFinite).toArray();
    Axis axis =
        Axis.covering(
            DoubleStream.of(all).min().orElse(0), DoubleStream.of(all).max().orElse(1), 5);
    for (double tick : axis.ticks()) {
      svg.line("grid", x(axis, tick), top, x(axis, tick), bottom);
      svg.text(x(axis, tick), bottom + 16, Anchor.MIDDLE, Weight.NOTE, Svg.WIDTH, axis.label(tick));
    }
    if (Double.isFinite(reference)) {
      svg.line("reference", x(axis, reference), top, x(axis, reference), bottom);
    }
    svg.text(Svg.WIDTH / 2, bottom + 36, Anchor.MIDDLE, Weight.PLAIN, Svg.WIDTH, axisName);
    double y = top;
    for (Row row : rows) {
      svg.text(0, y + 14, Anchor.START, Weight.PLAIN, Svg.WIDTH, row.label);
      for (int i = 0; i < row.points.size(); i++) {
        draw(svg, axis, i, row, y + 24 + i * STEP);
      }
      y += rowHeight;
    }
    return svg.plot(title, description, bottom + 42);
  }

  private void draw(Svg svg, Axis axis, int i, Row row, double y) {
    Point p = row.points.get(i);
    String colour = Svg.colour(i);
    if (Double.isFinite(p.lo) && Double.isFinite(p.hi)) {
      double lo = x(axis, p.lo);
      double hi = x(axis, p.hi);
      if (box) {
        svg.rect("box " + colour, lo, y - 5, Math.max(1, hi - lo), 10);
      } else {
        svg.line("whisker " + colour, lo, y, hi, y);
        svg.line("whisker " + colour, lo, y - 3, lo, y + 3);
        svg.line("whisker " + colour, hi, y - 3, hi, y + 3);
      }
    }
    if (Double.isFinite(p.value)) {
      svg.mark(i, x(axis, p.value), y, row.label + ", " + series.get(i));
    }
  }

  private static double x(Axis axis, double value) {
    return INSET + axis.fraction(value) * (Svg.WIDTH - 2 * INSET);
  }
}
