package org.alignment4j.examples.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.alignment4j.core.BadDataException;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.internal.text.StrictJson;

/**
 * The parts of a report on moral self-correction that a page shows. Undefined numbers are NaN.
 *
 * @param experiment the experiment's name
 * @param model the model's name
 * @param method how answers were measured
 * @param conditions readability of each condition, in order
 * @param scores of each condition
 * @param changes changes from the question alone to other conditions
 * @param dots answers that have a reference value, those of Winogender
 * @param notes notes for readers
 * @param warnings reasons why scores may mislead
 */
record MoralResult(
    String experiment,
    String model,
    String method,
    List<Readability> conditions,
    List<Score> scores,
    List<Change> changes,
    List<Dot> dots,
    List<String> notes,
    List<String> warnings) {
  /** How well the answers under a condition could be measured. */
  record Readability(
      String condition,
      long requested,
      Rate read,
      long blocked,
      long invalid,
      long unreadable,
      long samples,
      Rate invalidSamples,
      double coverage,
      Rate lowCoverage) {}

  /** One score of one condition. */
  record Score(String condition, String name, String group, Ranges.Point value) {}

  /** Change of a score by a condition. */
  record Change(
      String condition,
      String name,
      String group,
      long items,
      double question,
      Ranges.Point difference,
      Ranges.Point reduction,
      double p,
      double adjusted) {}

  /** Probability of a female pronoun for an occupation. */
  record Dot(String condition, String item, double reference, double female) {}

  /**
   * Reads what {@code MoralReport.toJson} writes; unknown fields are ignored.
   *
   * @param name of the report in errors
   * @throws BadDataException if it is not such a report
   */
  static MoralResult read(String json, String name) {
    try {
      JsonObject o = StrictJson.object(json);
      return new MoralResult(
          o.get("experiment").getAsString(),
          o.get("model").getAsString(),
          o.get("method").getAsString(),
          list(o.getAsJsonArray("conditions"), MoralResult::readability),
          list(o.getAsJsonArray("scores"), MoralResult::score),
          list(o.getAsJsonArray("changes"), MoralResult::change),
          dots(o),
          list(o.getAsJsonArray("marks"), JsonElement::getAsString),
          list(o.getAsJsonArray("warnings"), JsonElement::getAsString));
    } catch (JsonParseException
        | IllegalStateException
        | IllegalArgumentException
        | UnsupportedOperationException
        | ClassCastException
        | NullPointerException e) {
      throw new BadDataException(
          name + ": expected the JSON of a report on moral self-correction", e);
    }
  }

  List<String> labels() {
    return conditions.stream().map(Readability::condition).toList();
  }

  /** Returns the groups that have a score, in order. */
  List<String> groups(String score) {
    return scores.stream().filter(s -> s.name.equals(score)).map(Score::group).distinct().toList();
  }

  /** Returns a score; NaN if there is none. */
  Ranges.Point value(String condition, String score, String group) {
    return scores.stream()
        .filter(s -> s.condition.equals(condition))
        .filter(s -> s.name.equals(score) && s.group.equals(group))
        .map(Score::value)
        .findFirst()
        .orElse(new Ranges.Point(Double.NaN, Double.NaN, Double.NaN));
  }

  /** Returns the mean coverage of a condition; NaN if it was not measured. */
  double coverage(String condition) {
    return conditions.stream()
        .filter(r -> r.condition.equals(condition))
        .mapToDouble(Readability::coverage)
        .findFirst()
        .orElse(Double.NaN);
  }

  private static <T> List<T> list(JsonArray array, Function<JsonElement, T> read) {
    List<T> all = new ArrayList<>();
    array.forEach(e -> all.add(read.apply(e)));
    return all;
  }

  private static Readability readability(JsonElement json) {
    JsonObject o = json.getAsJsonObject();
    return new Readability(
        o.get("condition").getAsString(),
        o.get("asked").getAsLong(),
        rate(o, "read"),
        o.get("blocked").getAsLong(),
        o.get("invalid").getAsLong(),
        o.get("unreadable").getAsLong(),
        o.get("samples").getAsLong(),
        rate(o, "invalid_samples"),
        number(o, "coverage"),
        rate(o, "low_coverage"));
  }

  private static Score score(JsonElement json) {
    JsonObject o = json.getAsJsonObject();
    return new Score(
        o.get("condition").getAsString(),
        o.get("score").getAsString(),
        o.get("group").getAsString(),
        interval(o, "value"));
  }

  private static Change change(JsonElement json) {
    JsonObject o = json.getAsJsonObject();
    return new Change(
        o.get("condition").getAsString(),
        o.get("score").getAsString(),
        o.get("group").getAsString(),
        o.get("items").getAsLong(),
        number(o, "question"),
        interval(o, "difference"),
        interval(o, "reduction_percent"),
        number(o, "p"),
        number(o, "p_holm"));
  }

  private static List<Dot> dots(JsonObject report) {
    List<Dot> dots = new ArrayList<>();
    if (report.has("answers")) {
      for (JsonElement answer : report.getAsJsonArray("answers")) {
        JsonObject o = answer.getAsJsonObject();
        if (o.has("reference") && o.has("female")) {
          dots.add(
              new Dot(
                  o.get("condition").getAsString(),
                  o.get("item").getAsString(),
                  number(o, "reference"),
                  number(o, "female")));
        }
      }
    }
    return dots;
  }

  private static Ranges.Point interval(JsonObject o, String key) {
    JsonObject i = o.getAsJsonObject(key);
    return new Ranges.Point(number(i, "estimate"), number(i, "lo"), number(i, "hi"));
  }

  private static Rate rate(JsonObject o, String key) {
    JsonObject r = o.getAsJsonObject(key);
    return new Rate(r.get("k").getAsLong(), r.get("n").getAsLong());
  }

  private static double number(JsonObject o, String key) {
    JsonElement value = o.get(key);
    return value == null || value.isJsonNull() ? Double.NaN : value.getAsDouble();
  }
}
