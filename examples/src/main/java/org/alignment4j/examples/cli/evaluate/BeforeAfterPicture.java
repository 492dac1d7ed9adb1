package org.alignment4j.examples.cli.evaluate;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.alignment4j.core.BadDataException;
import org.alignment4j.evaluation.OverRefusal.OverRefusalReport.BeforeAfter;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.examples.report.Markup;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.StrictJson;
import org.jspecify.annotations.Nullable;

/**
 * Figure of refusals before and after, as horizontal bars with their intervals.
 *
 * @param overRefusal of harmless prompts: should shrink
 * @param harmfulRefusal of harmful prompts: should stay
 */
record BeforeAfterPicture(BeforeAfter overRefusal, BeforeAfter harmfulRefusal) {
  private static final int LEFT = 86;
  private static final int BAR_WIDTH = 440;
  private static final int BAR_HEIGHT = 26;
  private static final String GREY = "#9aa5b1";
  private static final String BLUE = "#6aa5de";

  /**
   * Reads {@code {"over_refusal": {"before", "after"}, "harmful_refusal": {"before", "after"}}}, or
   * the result of {@code compare over-refusal}: of its first model a method, on plain sets.
   *
   * @param method of a comparison; empty for the one with the largest d' among those that the
   *     release gate accepts with every seed
   * @throws BadDataException if the file does not hold that
   */
  static BeforeAfterPicture read(Path file, String method) {
    try {
      JsonObject object = StrictJson.object(InputFile.data(file).text(InputFile.SETTINGS));
      if (object.has("models")) {
        return compared(object.getAsJsonArray("models").get(0).getAsJsonObject(), method);
      }
      return new BeforeAfterPicture(
          pair(object.getAsJsonObject("over_refusal")),
          pair(object.getAsJsonObject("harmful_refusal")));
    } catch (JsonParseException
        | IllegalStateException
        | IllegalArgumentException
        | UnsupportedOperationException
        | ClassCastException
        | NullPointerException e) {
      throw new BadDataException(
          file
              + ": expected over_refusal and harmful_refusal, each with before and after as k of n,"
              + " or a comparison of methods with "
              + (method.isEmpty() ? "one that the release gate accepts" : method),
          e);
    }
  }

  private static BeforeAfterPicture compared(JsonObject model, String wanted) {
    JsonArray methods = model.getAsJsonArray("methods");
    JsonObject start = methods.get(0).getAsJsonObject();
    @Nullable JsonObject best = null;
    double most = Double.NEGATIVE_INFINITY;
    for (JsonElement e : methods) {
      JsonObject method = e.getAsJsonObject();
      double gained = method.getAsJsonObject("d_prime").get("estimate").getAsDouble();
      boolean chosen =
          wanted.isEmpty()
              ? method.get("released").equals(method.get("seeds"))
              : method.get("method").getAsString().equals(wanted);
      if (chosen && gained > most) {
        best = method;
        most = gained;
      }
    }
    if (best == null) {
      throw new IllegalArgumentException("no such method");
    }
    Set<String> answered = new HashSet<>();
    model.getAsJsonArray("to_answer").forEach(e -> answered.add(e.getAsString()));
    Set<String> attacked = new HashSet<>();
    model.getAsJsonArray("attacked").forEach(e -> attacked.add(e.getAsString()));
    Set<String> refused = new HashSet<>(start.getAsJsonObject("sets").keySet());
    refused.removeAll(answered);
    refused.removeAll(attacked);
    return new BeforeAfterPicture(
        new BeforeAfter(sum(start, answered), sum(best, answered)),
        new BeforeAfter(sum(start, refused), sum(best, refused)));
  }

  /** Over several sets; a mean over seeds is rounded to prompts. */
  private static Rate sum(JsonObject method, Set<String> sets) {
    double k = 0;
    long n = 0;
    for (String set : sets) {
      JsonObject figures = method.getAsJsonObject("sets").getAsJsonObject(set);
      long size = figures.get("n").getAsLong();
      k += size * figures.getAsJsonObject("refused").get("estimate").getAsDouble();
      n += size;
    }
    return new Rate(Math.round(k), n);
  }

  private static BeforeAfter pair(JsonObject json) {
    return new BeforeAfter(
        rate(json.getAsJsonObject("before")), rate(json.getAsJsonObject("after")));
  }

  private static Rate rate(JsonObject json) {
    Rate rate = new Rate(json.get("k").getAsLong(), json.get("n").getAsLong());
    if (rate.n() == 0) {
      throw new IllegalArgumentException("no prompts");
    }
    return rate;
  }

  /**
   * Returns the figure as SVG; it has its own background, so that it is readable on light and dark
   * pages.
   */
  String svg() {
    StringBuilder s = new StringBuilder();
    line(
        s,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 300\" width=\"720\""
            + " height=\"300\" role=\"img\" font-family=\"Helvetica, Arial, sans-serif\""
            + " font-size=\"14\" fill=\"#1f2933\">");
    line(s, "<title>%s</title>", title());
    line(s, "<rect width=\"720\" height=\"300\" rx=\"8\" fill=\"#ffffff\"/>");
    for (int percent = 0; percent <= 100; percent += 25) {
      double x = x(percent / 100.0);
      line(
          s,
          "<line x1=\"%.1f\" y1=\"22\" x2=\"%.1f\" y2=\"262\" stroke=\"#e4e7eb\"/>"
              + "<text x=\"%.1f\" y=\"282\" text-anchor=\"middle\" font-size=\"12\""
              + " fill=\"#616e7c\">%d %%</text>",
          x,
          x,
          x,
          percent);
    }
    group(s, 36, "Harmless prompts refused", "less is better", overRefusal);
    group(s, 156, "Harmful prompts refused", "should stay", harmfulRefusal);
    line(s, "</svg>");
    return s.toString();
  }

  private static void group(StringBuilder s, int y, String name, String wish, BeforeAfter pair) {
    line(
        s,
        "<text x=\"%d\" y=\"%d\" font-weight=\"bold\">%s <tspan font-weight=\"normal\""
            + " fill=\"#616e7c\">%s</tspan></text>",
        LEFT,
        y,
        name,
        wish);
    bar(s, y + 14, "before", GREY, pair.before());
    bar(s, y + 14 + BAR_HEIGHT + 10, "after", BLUE, pair.after());
  }

  private static void bar(StringBuilder s, int y, String name, String colour, Rate rate) {
    double middle = y + BAR_HEIGHT / 2.0;
    line(
        s,
        "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>"
            + "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>",
        LEFT - 10,
        middle + 5,
        name,
        LEFT,
        y,
        BAR_WIDTH * rate.rate(),
        BAR_HEIGHT,
        colour);
    line(
        s,
        "<path d=\"M%.1f %.1fH%.1fM%.1f %.1fv10M%.1f %.1fv10\" stroke=\"#1f2933\""
            + " stroke-width=\"1.5\" fill=\"none\"/>",
        x(rate.lo()),
        middle,
        x(rate.hi()),
        x(rate.lo()),
        middle - 5,
        x(rate.hi()),
        middle - 5);
    line(
        s,
        "<text x=\"%d\" y=\"%.1f\">%d of %d (%.0f %%)</text>",
        LEFT + BAR_WIDTH + 16,
        middle + 5,
        rate.k(),
        rate.n(),
        100 * rate.rate());
  }

  private String title() {
    return String.format(
        Locale.ROOT,
        "Harmless prompts refused: %d of %d before, %d of %d after. Harmful prompts refused: %d of"
            + " %d before, %d of %d after.",
        overRefusal.before().k(),
        overRefusal.before().n(),
        overRefusal.after().k(),
        overRefusal.after().n(),
        harmfulRefusal.before().k(),
        harmfulRefusal.before().n(),
        harmfulRefusal.after().k(),
        harmfulRefusal.after().n());
  }

  private static double x(double share) {
    return LEFT + BAR_WIDTH * share;
  }

  private static void line(StringBuilder s, String format, Object... values) {
    s.append(Markup.of(format, values)).append('\n');
  }
}
