package org.alignment4j.examples.cli.guard;

import com.google.common.base.Joiner;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.examples.cli.guard.GuardTable.Group;
import org.alignment4j.examples.report.Markup;

/**
 * Figure of refusals by attack family: for each guard a line from RR safe, a hollow mark, to RR
 * harmful, a filled one; means over seeds. The longer the line to the right, the better.
 *
 * @param table the results
 */
record GuardPicture(GuardTable table) {
  private static final int LEFT = 150;
  private static final int RIGHT = 610;
  private static final int TOP = 64;
  private static final int STEP = 12;
  private static final int GAP = 18;
  private static final int RADIUS = 4;
  private static final List<String> COLOURS =
      List.of("#7b8794", "#d9822b", "#7a5fc0", "#2b9a66", "#2f80c3", "#c2416b", "#8d6e46");

  /**
   * Returns the figure as SVG; it has its own background, so that it is readable on light and dark
   * pages.
   */
  String svg() {
    List<Group> groups = table.groups();
    List<String> names = table.names();
    int block = names.size() * STEP + GAP;
    int bottom = TOP + groups.size() * block;
    int height = bottom + 46;
    List<Markup> s = new ArrayList<>();
    s.add(
        Markup.of(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 %d\" width=\"640\""
                + " height=\"%d\" role=\"img\" font-family=\"Helvetica, Arial, sans-serif\""
                + " font-size=\"13\" fill=\"#1f2933\">",
            height, height));
    s.add(
        Markup.of(
            "<title>Refusals of safe and of harmful prompts by attack family and"
                + " guard</title>"));
    s.add(Markup.of("<rect width=\"640\" height=\"%d\" rx=\"8\" fill=\"#ffffff\"/>", height));
    double legendX = 20;
    for (int i = 0; i < names.size(); i++) {
      s.add(mark(legendX, 22, i, true));
      s.add(Markup.of("<text x=\"%.1f\" y=\"26\">%s</text>", legendX + 9, names.get(i)));
      legendX += 30 + 7.2 * names.get(i).length();
    }
    for (int i = 0; i <= 4; i++) {
      double x = x(i / 4.0);
      s.add(
          Markup.of(
              "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#e4e7eb\"/>",
              x, TOP - 14, x, bottom));
      s.add(
          Markup.of(
              "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" font-size=\"12\""
                  + " fill=\"#616e7c\">%.0f %%</text>",
              x, bottom + 16, i * 25.0));
    }
    for (int g = 0; g < groups.size(); g++) {
      Group group = groups.get(g);
      int top = TOP + g * block;
      s.add(
          Markup.of(
              "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
              LEFT - 14, top + (names.size() - 1) * STEP / 2.0 + 4, group.name()));
      for (int i = 0; i < names.size(); i++) {
        double y = top + i * STEP;
        double safe = table.mean(names.get(i), r -> group.gap().apply(r).safe().rate());
        double harmful = table.mean(names.get(i), r -> group.gap().apply(r).harmful().rate());
        s.add(
            Markup.of(
                "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\""
                    + " stroke-width=\"2\" stroke-opacity=\"0.5\"/>",
                x(safe), y, x(harmful), y, colour(i)));
        s.add(mark(x(safe), y, i, false));
        s.add(mark(x(harmful), y, i, true));
      }
    }
    s.add(
        Markup.of(
            "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">refused: hollow, safe prompts;"
                + " filled, harmful ones</text>",
            (LEFT + RIGHT) / 2, bottom + 36));
    s.add(Markup.of("</svg>"));
    return Joiner.on('\n').join(s) + "\n";
  }

  private static double x(double rate) {
    return LEFT + rate * (RIGHT - LEFT);
  }

  private static String colour(int i) {
    return COLOURS.get(i % COLOURS.size());
  }

  private static Markup mark(double x, double y, int i, boolean full) {
    return Markup.of(
        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%d\" fill=\"%s\" stroke=\"%s\""
            + " stroke-width=\"2\"/>",
        x, y, RADIUS, full ? colour(i) : "#ffffff", colour(i));
  }
}
