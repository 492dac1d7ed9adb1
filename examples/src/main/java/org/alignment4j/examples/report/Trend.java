package org.alignment4j.examples.report;

import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.alignment4j.examples.report.Svg.Anchor;
import org.alignment4j.examples.report.Svg.Weight;

/**
 * Line plot of values with intervals over an ordered list, such as models by size or checkpoints by
 * step; a line for each series.
 *
 * @param title the plot's name
 * @param description what it shows
 * @param axisName what is measured
 * @param reference a value that is marked by a line; NaN for no line
 * @param series names
 * @param labels labels along the axis; replaced by numbers from 1 where they do not fit
 * @param points by label and series; values that are not finite are left out
 */
record Trend(
    String title,
    String description,
    String axisName,
    double reference,
    List<String> series,
    List<String> labels,
    List<List<Ranges.Point>> points) {
  private static final double LEFT = 44;
  private static final double HEIGHT = 190;
  private static final double DODGE = 7;

  /** Whether the labels fit along the axis, rather than numbers. */
  boolean named() {
    double slot = (Svg.WIDTH - LEFT) / labels.size();
    return labels.stream().allMatch(p -> Svg.width(p, 12) <= slot - 4);
  }

  String svg() {
    Svg svg = new Svg();
    double top = svg.legend(series, 0);
    svg.text(0, top + 12, Anchor.START, Weight.PLAIN, Svg.WIDTH, axisName);
    top += 26;
    double bottom = top + HEIGHT;
    double[] all =
        DoubleStream.concat(
                points.stream().flatMap(List::stream).flatMapToDouble(Ranges.Point::finite),
                DoubleStream.of(reference))
            .filter(Double::isFinite)
            .toArray();
    Axis axis =
        Axis.covering(
            DoubleStream.of(all).min().orElse(0), DoubleStream.of(all).max().orElse(1), 5);
    for (double tick : axis.ticks()) {
      double y = bottom - axis.fraction(tick) * HEIGHT;
      svg.line("grid", LEFT, y, Svg.WIDTH, y);
      svg.text(LEFT - 6, y + 4, Anchor.END, Weight.NOTE, LEFT, axis.label(tick));
    }
    if (Double.isFinite(reference)) {
      double y = bottom - axis.fraction(reference) * HEIGHT;
      svg.line("reference", LEFT, y, Svg.WIDTH, y);
    }
    boolean named = named();
    for (int p = 0; p < labels.size(); p++) {
      svg.text(
          x(p),
          bottom + 18,
          Anchor.MIDDLE,
          Weight.NOTE,
          Svg.WIDTH,
          named ? labels.get(p) : String.valueOf(p + 1));
    }
    for (int s = 0; s < series.size(); s++) {
      lines(svg, axis, bottom, s);
    }
    for (int s = 0; s < series.size(); s++) {
      for (int p : shown(s)) {
        double y = bottom - axis.fraction(points.get(p).get(s).value()) * HEIGHT;
        svg.mark(s, x(p) + shift(s), y, labels.get(p) + ", " + series.get(s));
      }
    }
    return svg.plot(title, description, bottom + 26);
  }

  private void lines(Svg svg, Axis axis, double bottom, int s) {
    double lastX = Double.NaN;
    double lastY = Double.NaN;
    for (int p : shown(s)) {
      Ranges.Point point = points.get(p).get(s);
      double x = x(p) + shift(s);
      double y = bottom - axis.fraction(point.value()) * HEIGHT;
      if (Double.isFinite(lastX)) {
        svg.line("trend " + Svg.colour(s), lastX, lastY, x, y);
      }
      if (Double.isFinite(point.lo()) && Double.isFinite(point.hi())) {
        svg.line(
            "whisker " + Svg.colour(s),
            x,
            bottom - axis.fraction(point.lo()) * HEIGHT,
            x,
            bottom - axis.fraction(point.hi()) * HEIGHT);
      }
      lastX = x;
      lastY = y;
    }
  }

  /** Returns the indices at which a series has a value. */
  private int[] shown(int s) {
    return IntStream.range(0, labels.size())
        .filter(p -> Double.isFinite(points.get(p).get(s).value()))
        .toArray();
  }

  /** Series are shifted sideways, so that intervals do not overlap. */
  private double shift(int s) {
    return (s - (series.size() - 1) / 2.0) * DODGE;
  }

  private double x(int index) {
    return LEFT + (index + 0.5) * (Svg.WIDTH - LEFT) / labels.size();
  }
}
