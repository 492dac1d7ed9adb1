package org.alignment4j.examples.cli.compare;

import com.google.common.base.Joiner;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.examples.report.Axis;
import org.alignment4j.examples.report.Markup;

/**
 * Figure of pair accuracy against the divergence from the start model, a mark for each run: the
 * colour denotes the method, the shape the control.
 *
 * @param runs at least one
 */
record ComparedPicture(List<ComparedRun> runs) {
  private static final int LEFT = 70;
  private static final int RIGHT = 540;
  private static final int TOP = 30;
  private static final int BOTTOM = 350;
  private static final int RADIUS = 5;
  private static final int TICKS = 5;

  private static final Map<String, String> COLOURS =
      Map.of(
          ComparedRun.START,
          "#7b8794",
          "sft",
          "#2f80c3",
          "dpo",
          "#d9822b",
          "lorra",
          "#7a5fc0",
          "rahf-scit",
          "#2b9a66",
          "rahf-dual",
          "#c2416b",
          "weight-extrapolation",
          "#8a6d3b");

  /**
   * Returns the figure as SVG; it has its own background, so that it is readable on light and dark
   * pages.
   */
  String svg() {
    List<ComparedRun> shown =
        runs.stream().filter(r -> !Double.isNaN(r.report().accuracy().estimate())).toList();
    double widest =
        shown.stream().mapToDouble(r -> r.report().divergence().estimate()).max().orElse(0);
    double step = Axis.roundStep(Math.max(1e-3, 1.05 * widest) / TICKS);
    double right = TICKS * step;
    double low = shown.stream().mapToDouble(r -> r.report().accuracy().lo()).min().orElse(0);
    double high = shown.stream().mapToDouble(r -> r.report().accuracy().hi()).max().orElse(1);
    double rise = Axis.roundStep(Math.max(1e-3, (high - low) / (TICKS - 1)));
    double bottom = Math.max(0, rise * Math.floor(low / rise));
    double top = bottom + TICKS * rise;
    List<Markup> s = new ArrayList<>();
    s.add(
        Markup.of(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 410\" width=\"720\""
                + " height=\"410\" role=\"img\" font-family=\"Helvetica, Arial, sans-serif\""
                + " font-size=\"13\" fill=\"#1f2933\">"));
    s.add(
        Markup.of(
            "<title>Held-out pair accuracy against KL to the start model, by method</title>"));
    s.add(Markup.of("<rect width=\"720\" height=\"410\" rx=\"8\" fill=\"#ffffff\"/>"));
    for (int i = 0; i <= TICKS; i++) {
      double share = (double) i / TICKS;
      double y = BOTTOM - share * (BOTTOM - TOP);
      s.add(
          Markup.of(
              "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#e4e7eb\"/><text"
                  + " x=\"%d\" y=\"%.1f\" text-anchor=\"end\" font-size=\"12\""
                  + " fill=\"#616e7c\">%.3g</text>",
              LEFT, y, RIGHT, y, LEFT - 8, y + 4, bottom + share * (top - bottom)));
      s.add(
          Markup.of(
              "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" font-size=\"12\""
                  + " fill=\"#616e7c\">%.3g</text>",
              LEFT + share * (RIGHT - LEFT), BOTTOM + 18, share * right));
    }
    s.add(
        Markup.of(
            "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">KL to the start model, nats per"
                + " token</text>",
            (LEFT + RIGHT) / 2, BOTTOM + 42));
    s.add(
        Markup.of(
            "<text transform=\"translate(20 %d) rotate(-90)\" text-anchor=\"middle\">held-out pair"
                + " accuracy, 95 %% intervals</text>",
            (TOP + BOTTOM) / 2));
    Map<String, ComparedRun> legend = new LinkedHashMap<>();
    for (ComparedRun r : shown) {
      legend.putIfAbsent(r.setting(), r);
      Interval accuracy = r.report().accuracy();
      double x = LEFT + r.report().divergence().estimate() / right * (RIGHT - LEFT);
      s.add(
          Markup.of(
              "<path d=\"M%.1f %.1fV%.1f\" stroke=\"%s\" stroke-opacity=\"0.45\"/>",
              x, y(accuracy.lo(), bottom, top), y(accuracy.hi(), bottom, top), colour(r)));
      s.add(mark(r, x, y(accuracy.estimate(), bottom, top)));
    }
    int row = TOP + 6;
    for (Map.Entry<String, ComparedRun> e : legend.entrySet()) {
      s.add(mark(e.getValue(), RIGHT + 24, row));
      s.add(Markup.of("<text x=\"%d\" y=\"%d\">%s</text>", RIGHT + 36, row + 4, e.getKey()));
      row += 20;
    }
    s.add(Markup.of("</svg>"));
    return Joiner.on('\n').join(s) + "\n";
  }

  private static String colour(ComparedRun r) {
    return Objects.requireNonNull(COLOURS.get(r.method()));
  }

  private static double y(double accuracy, double bottom, double top) {
    return BOTTOM - (accuracy - bottom) / (top - bottom) * (BOTTOM - TOP);
  }

  private static Markup mark(ComparedRun r, double x, double y) {
    String colour = colour(r);
    return switch (r.control()) {
      case NONE ->
          Markup.of("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%d\" fill=\"%s\"/>", x, y, RADIUS, colour);
      case STEP_ONE ->
          hollow(Markup.of("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%d\"", x, y, RADIUS), colour);
      case RANDOM ->
          hollow(
              Markup.of(
                  "<rect x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%d\"",
                  x - RADIUS, y - RADIUS, 2 * RADIUS, 2 * RADIUS),
              colour);
      case SWAPPED ->
          hollow(
              Markup.of(
                  "<path d=\"M%.1f %.1fl%d %dl%d %dz\"",
                  x, y - RADIUS, RADIUS, 2 * RADIUS, -2 * RADIUS, 0),
              colour);
    };
  }

  private static Markup hollow(Markup shape, String colour) {
    return Markup.of("%s fill=\"#ffffff\" stroke=\"%s\" stroke-width=\"2\"/>", shape, colour);
  }
}
