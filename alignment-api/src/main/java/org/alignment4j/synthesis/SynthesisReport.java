package org.alignment4j.synthesis;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.Serializable;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.alignment4j.evaluation.Rate;

/**
 * The account of a synthesis run: the funnel from texts to pairs, what the pairs are like, and what
 * they cost. Immutable. All but {@link #usage}, and what was retried and failed, is the same for a
 * run that was resumed as for one that was not.
 *
 * @param stopped why the run ended before the last text; empty if it did not
 * @param unanswered items that were set aside since a model did not answer; running again asks for
 *     them again
 * @param texts texts that were read
 * @param pairs pairs that were made
 * @param stages what each stage made of each category, in the order of the stages
 * @param lengths words of prompt, chosen and rejected, by category and then by these names
 * @param styles by category, and over all under {@code all}
 * @param usage of this run, by model
 * @param usageOfAllRuns of this run and those before it over the same store, by model, what a
 *     killed run paid for included; where answers are kept for one run only, as {@code usage}
 */
public record SynthesisReport(
    String stopped,
    long unanswered,
    long texts,
    long pairs,
    List<StageYield> stages,
    Map<String, Map<String, LengthSummary>> lengths,
    Map<String, StyleBaseline> styles,
    List<ModelUsage> usage,
    List<ModelUsage> usageOfAllRuns) {
  private static final Gson GSON =
      new GsonBuilder().disableHtmlEscaping().setPrettyPrinting().create();

  /** Copies lists and maps. */
  public SynthesisReport {
    stages = List.copyOf(stages);
    lengths = Collections.unmodifiableMap(new LinkedHashMap<>(lengths));
    styles = Collections.unmodifiableMap(new LinkedHashMap<>(styles));
    usage = List.copyOf(usage);
    usageOfAllRuns = List.copyOf(usageOfAllRuns);
  }

  /** The report of a run without any before it. */
  public SynthesisReport(
      String stopped,
      long unanswered,
      long texts,
      long pairs,
      List<StageYield> stages,
      Map<String, Map<String, LengthSummary>> lengths,
      Map<String, StyleBaseline> styles,
      List<ModelUsage> usage) {
    this(stopped, unanswered, texts, pairs, stages, lengths, styles, usage, usage);
  }

  /** Whether every text was read and every item was answered or dropped. */
  public boolean complete() {
    return stopped.isEmpty() && unanswered == 0;
  }

  /** This report with another account of what the models were asked in a run without any before. */
  public SynthesisReport withUsage(List<ModelUsage> newUsage) {
    return withUsage(newUsage, newUsage);
  }

  /** This report with another account of what the models were asked, in this run and in all. */
  public SynthesisReport withUsage(List<ModelUsage> newUsage, List<ModelUsage> ofAllRuns) {
    return new SynthesisReport(
        stopped, unanswered, texts, pairs, stages, lengths, styles, newUsage, ofAllRuns);
  }

  /** This report as a JSON object; a figure that is NaN is left out. */
  public String toJson() {
    JsonObject o = new JsonObject();
    o.addProperty("complete", complete());
    o.addProperty("stopped", stopped);
    o.addProperty("unanswered", unanswered);
    o.addProperty("texts", texts);
    o.addProperty("pairs", pairs);
    JsonArray all = new JsonArray();
    for (StageYield stage : stages) {
      JsonObject s = new JsonObject();
      s.addProperty("stage", stage.stage());
      s.addProperty("category", stage.category());
      s.addProperty("in", stage.in());
      s.addProperty("out", stage.out());
      JsonObject dropped = new JsonObject();
      stage.dropped().forEach(dropped::addProperty);
      s.add("dropped", dropped);
      all.add(s);
    }
    o.add("stages", all);
    o.add("lengths", GSON.toJsonTree(lengths));
    JsonObject style = new JsonObject();
    styles.forEach((category, baseline) -> style.add(category, toJson(baseline)));
    o.add("styles", style);
    o.add("usage", GSON.toJsonTree(usage));
    o.add("usageOfAllRuns", GSON.toJsonTree(usageOfAllRuns));
    return GSON.toJson(o);
  }

  private static JsonObject toJson(StyleBaseline style) {
    JsonObject o = new JsonObject();
    o.add("chosen_longer", GSON.toJsonTree(style.chosenLonger().toMap()));
    finite(o, "length_accuracy", style.lengthAccuracy());
    o.add("chosen_refuses", GSON.toJsonTree(style.chosenRefuses().toMap()));
    o.add("rejected_refuses", GSON.toJsonTree(style.rejectedRefuses().toMap()));
    finite(o, "refusal_accuracy", style.refusalAccuracy());
    return o;
  }

  private static void finite(JsonObject o, String key, double value) {
    if (Double.isFinite(value)) {
      o.addProperty(key, value);
    }
  }

  /**
   * Lengths of texts in words. Immutable.
   *
   * @param texts how many texts there are
   * @param p5 a twentieth is at most so long; 0 without texts
   * @param median half of them are at most so long
   * @param p95 a twentieth is longer
   * @param mean the mean; 0 without texts
   */
  public record LengthSummary(long texts, int p5, int median, int p95, double mean) {}

  /**
   * What one stage made of one category's items. Immutable.
   *
   * @param stage the stage's name
   * @param category the category of the source texts
   * @param in items that came in
   * @param out items that went on; more than came in where one item yields several
   * @param dropped items that did not, by reason
   */
  public record StageYield(
      String stage, String category, long in, long out, Map<String, Long> dropped)
      implements Serializable {
    /**
     * Copies the map, which is then in the order of its keys.
     *
     * @throws IllegalArgumentException if a number is below 0
     */
    public StageYield {
      require(in >= 0 && out >= 0, "items must be 0 or more, were %s and %s", in, out);
      dropped = Collections.unmodifiableMap(new TreeMap<>(dropped));
      dropped.forEach((reason, n) -> require(n >= 0, "%s: items must be 0 or more", reason));
    }

    /** How many items were dropped, for whatever reason. */
    public long droppedInAll() {
      return dropped.values().stream().mapToLong(Long::longValue).sum();
    }

    /**
     * This and another account of the same stage and category, added up.
     *
     * @throws IllegalArgumentException if stage or category differ
     */
    public StageYield plus(StageYield other) {
      require(
          stage.equals(other.stage) && category.equals(other.category),
          "%s/%s cannot be added to %s/%s",
          other.stage,
          other.category,
          stage,
          category);
      Map<String, Long> sum = new TreeMap<>(dropped);
      other.dropped.forEach((reason, n) -> sum.merge(reason, n, Long::sum));
      return new StageYield(stage, category, in + other.in, out + other.out, sum);
    }
  }

  /**
   * How well chosen and rejected answers can be told apart without reading what they say. Where
   * this is easy, training on the pairs can succeed by style alone: in the data that
   * Safer-Instruct's authors released, 72 % of the chosen answers are refusals. Immutable.
   *
   * @param chosenLonger pairs whose chosen answer has more words, among those of unequal length
   * @param lengthAccuracy pairs told right by the better of "the longer one" and "the shorter one",
   *     0.5 to 1; equal lengths count half; NaN without pairs
   * @param chosenRefuses pairs whose chosen answer refuses, as {@code StringRefusalJudge} reads
   * @param rejectedRefuses pairs whose rejected answer does
   * @param refusalAccuracy pairs told right by "the one that refuses" or by "the one that does
   *     not", whichever is better, 0.5 to 1; where both do or neither, half; NaN without pairs
   */
  public record StyleBaseline(
      Rate chosenLonger,
      double lengthAccuracy,
      Rate chosenRefuses,
      Rate rejectedRefuses,
      double refusalAccuracy) {}
}
