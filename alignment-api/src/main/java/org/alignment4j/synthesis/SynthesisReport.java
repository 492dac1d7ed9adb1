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
 * The report of a synthesis run: the numbers of items from texts to pairs, statistics of the pairs,
 * and their cost. Immutable. Everything except {@link #usage}, retries and failures is the same
 * whether or not a run was interrupted and resumed.
 *
 * @param stopped why the run stopped before the last text; empty if it did not
 * @param unanswered number of items set aside because a request failed; a further run sends these
 *     requests again
 * @param texts number of texts read
 * @param pairs number of pairs made
 * @param stages the yield of each stage and category, in the order of the stages
 * @param lengths lengths in words by category, then by {@code prompt}, {@code chosen} and {@code
 *     rejected}
 * @param styles the style baseline by category, and over all pairs under {@code all}
 * @param usage the usage in this run, by model
 * @param usageOfAllRuns the usage in this and all earlier runs over the same store, by model,
 *     including runs that were killed; equal to {@code usage} if completions are stored for one run
 *     only
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

  /** Creates a report; lists and maps are copied. */
  public SynthesisReport {
    stages = List.copyOf(stages);
    lengths = Collections.unmodifiableMap(new LinkedHashMap<>(lengths));
    styles = Collections.unmodifiableMap(new LinkedHashMap<>(styles));
    usage = List.copyOf(usage);
    usageOfAllRuns = List.copyOf(usageOfAllRuns);
  }

  /** Creates the report of a first run. */
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

  /** Whether every text was read and no item was set aside. */
  public boolean complete() {
    return stopped.isEmpty() && unanswered == 0;
  }

  /** Returns this report as that of a first run with the given usage. */
  public SynthesisReport withUsage(List<ModelUsage> newUsage) {
    return withUsage(newUsage, newUsage);
  }

  /** Returns this report with the given usage, in this run and in all runs. */
  public SynthesisReport withUsage(List<ModelUsage> newUsage, List<ModelUsage> ofAllRuns) {
    return new SynthesisReport(
        stopped, unanswered, texts, pairs, stages, lengths, styles, newUsage, ofAllRuns);
  }

  /** Returns this report as a JSON object without the figures that are NaN. */
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
   * @param texts the number of texts
   * @param p5 the 5th percentile; 0 without texts
   * @param median the median; 0 without texts
   * @param p95 the 95th percentile; 0 without texts
   * @param mean the mean; 0 without texts
   */
  public record LengthSummary(long texts, int p5, int median, int p95, double mean) {}

  /**
   * The yield of one stage for one category's items. Immutable.
   *
   * @param stage the stage's name
   * @param category the category of the source texts
   * @param in number of items that entered the stage
   * @param out number of items that left it; can exceed {@code in} if one item yields several
   * @param dropped number of dropped items, by reason
   */
  public record StageYield(
      String stage, String category, long in, long out, Map<String, Long> dropped)
      implements Serializable {
    /**
     * Creates a yield; the map is copied and sorted by key.
     *
     * @throws IllegalArgumentException if a number is below 0
     */
    public StageYield {
      require(in >= 0 && out >= 0, "items must be 0 or more, were %s and %s", in, out);
      dropped = Collections.unmodifiableMap(new TreeMap<>(dropped));
      dropped.forEach((reason, n) -> require(n >= 0, "%s: items must be 0 or more", reason));
    }

    /** The number of dropped items over all reasons. */
    public long droppedInAll() {
      return dropped.values().stream().mapToLong(Long::longValue).sum();
    }

    /**
     * Returns the sum of this and another yield of the same stage and category.
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
   * How well chosen and rejected responses can be separated by style alone, by length or refusal.
   * If this is easy, training on the pairs can succeed by style alone: in the data released with
   * Safer-Instruct, 72 % of the chosen responses are refusals. Immutable.
   *
   * @param chosenLonger the share of pairs whose chosen response has more words, among those of
   *     unequal length
   * @param lengthAccuracy the accuracy of the better of the rules "the longer one" and "the shorter
   *     one", 0.5 to 1; equal lengths count half; NaN without pairs
   * @param chosenRefuses the share of pairs whose chosen response refuses, by {@code
   *     StringRefusalJudge}
   * @param rejectedRefuses the share of pairs whose rejected response refuses
   * @param refusalAccuracy the accuracy of the better of the rules "the one that refuses" and "the
   *     one that does not", 0.5 to 1; pairs in which both or neither refuse count half; NaN without
   *     pairs
   */
  public record StyleBaseline(
      Rate chosenLonger,
      double lengthAccuracy,
      Rate chosenRefuses,
      Rate rejectedRefuses,
      double refusalAccuracy) {}
}
