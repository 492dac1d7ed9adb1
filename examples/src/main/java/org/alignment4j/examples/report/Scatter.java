package org.alignment4j.examples.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.alignment4j.examples.report.Svg.Anchor;
import org.alignment4j.examples.report.Svg.Weight;

/**
 * Scatter plot on the unit square with the diagonal, dashed, and where asked the least-squares
 * line. The points farthest from that line are labelled where labels do not overlap.
 *
 * @param title the plot's name
 * @param description what it shows
 * @param xName name of the horizontal axis
 * @param yName name of the vertical axis
 * @param line whether the least-squares line is drawn
 * @param dots points with coordinates in 0 to 1; points that are not finite are left out
 */
record Scatter(
    String title, String description, String xName, String yName, boolean line, List<Dot> dots) {
  private static final double LEFT = 40;
  private static final double TOP = 24;
  private static final double HEIGHT = 270;
  private static final double BOTTOM = TOP + HEIGHT;
  private static final Axis AXIS = new Axis(0, 0.25, 4);
  private static final int MAX_LABELS = 12;

  /** A labelled point. */
  record Dot(String label, double x, double y) {
    boolean finite() {
      return Double.isFinite(x) && Double.isFinite(y);
    }
  }

  /** A line; the slope is NaN if the points do not define one. */
  private record Line(double offset, double slope) {
    private double at(double x) {
      return offset + slope * x;
    }
  }

  private record Box(double x, double y, double width) {
    private boolean overlaps(Box other, double height) {
      return x < other.x + other.width && other.x < x + width && Math.abs(y - other.y) < height;
    }
  }

  String svg() {
    Svg svg = new Svg();
    svg.text(0, 12, Anchor.START, Weight.PLAIN, Svg.WIDTH, yName);
    for (double tick : AXIS.ticks()) {
      svg.line("grid", LEFT, y(tick), Svg.WIDTH - 14, y(tick));
      svg.line("grid", x(tick), TOP, x(tick), BOTTOM);
      svg.text(LEFT - 6, y(tick) + 4, Anchor.END, Weight.NOTE, LEFT, AXIS.label(tick));
      svg.text(x(tick), BOTTOM + 17, Anchor.MIDDLE, Weight.NOTE, LEFT, AXIS.label(tick));
    }
    svg.text((LEFT + Svg.WIDTH) / 2, BOTTOM + 37, Anchor.MIDDLE, Weight.PLAIN, Svg.WIDTH, xName);
    svg.line("reference", x(0), y(0), x(1), y(1));
    List<Dot> shown = dots.stream().filter(Dot::finite).toList();
    Line fit = line ? fit(shown) : new Line(0, Double.NaN);
    if (Double.isFinite(fit.slope)) {
      double from = Math.max(0, fit.slope == 0 ? 0 : inside(fit, true));
      double to = Math.min(1, fit.slope == 0 ? 1 : inside(fit, false));
      svg.line("trend s1", x(from), y(fit.at(from)), x(to), y(fit.at(to)));
    }
    shown.forEach(d -> svg.mark(0, x(d.x), y(d.y), d.label));
    labels(svg, shown, fit);
    return svg.plot(title, description, BOTTOM + 44);
  }

  /** Returns the x at which the line enters the square, or leaves it. */
  private static double inside(Line fit, boolean enters) {
    double edge = enters == fit.slope > 0 ? 0 : 1;
    return (edge - fit.offset) / fit.slope;
  }

  /** Returns the least-squares line. */
  private static Line fit(List<Dot> dots) {
    double meanX = dots.stream().mapToDouble(Dot::x).average().orElse(0);
    double meanY = dots.stream().mapToDouble(Dot::y).average().orElse(0);
    double xx = dots.stream().mapToDouble(d -> (d.x - meanX) * (d.x - meanX)).sum();
    double xy = dots.stream().mapToDouble(d -> (d.x - meanX) * (d.y - meanY)).sum();
    double slope = xx > 1e-12 ? xy / xx : Double.NaN;
    return new Line(meanY - slope * meanX, slope);
  }

  private static void labels(Svg svg, List<Dot> dots, Line fit) {
    List<Dot> farthest = new ArrayList<>(dots);
    farthest.sort(
        Comparator.comparingDouble(
            d -> Double.isFinite(fit.slope) ? -Math.abs(d.y - fit.at(d.x)) : -d.y));
    List<Box> labels = new ArrayList<>();
    List<Box> marks = dots.stream().map(d -> new Box(x(d.x) - 4, y(d.y), 8)).toList();
    for (Dot d : farthest) {
      if (labels.size() == MAX_LABELS) {
        return;
      }
      double width = Math.min(120, Svg.width(d.label, 12));
      for (boolean right : new boolean[] {true, false}) {
        Box box = new Box(right ? x(d.x) + 7 : x(d.x) - 7 - width, y(d.y), width);
        boolean free =
            box.x > LEFT
                && box.x + width < Svg.WIDTH
                && labels.stream().noneMatch(l -> box.overlaps(l, 13))
                && marks.stream().noneMatch(m -> box.overlaps(m, 8));
        if (free) {
          labels.add(box);
          svg.text(
              right ? box.x : box.x + width,
              box.y + 4,
              right ? Anchor.START : Anchor.END,
              Weight.NOTE,
              width + 1,
              d.label);
          break;
        }
      }
    }
  }

  private static double x(double share) {
    return LEFT + AXIS.fraction(share) * (Svg.WIDTH - 14 - LEFT);
  }

  private static double y(double share) {
    return BOTTOM - AXIS.fraction(share) * HEIGHT;
  }
}
