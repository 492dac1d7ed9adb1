package org.alignment4j.data.moral;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.core.Provenance;
import org.alignment4j.data.moral.AnswerReader.Status;
import org.alignment4j.data.moral.MoralExperiment.Condition;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.internal.text.StrictJson;
import org.jspecify.annotations.Nullable;

/**
 * The results of an experiment on a model: scores of each condition with 95 % intervals, their
 * changes relative to the question alone, and the answers. Contains no text of prompts or answers.
 * Immutable.
 *
 * @param experiment {@code bbq}, {@code winogender} or {@code law-school}
 * @param model the model's name
 * @param method the method by which answers were read
 * @param roles names of an answer's probabilities, in order
 * @param conditions numbers of valid and missing answers of each condition
 * @param scores of each condition, by name and group, which the experiment's class describes
 * @param changes from {@link Condition#QUESTION} to each other condition, on the items that were
 *     read in both
 * @param answers one for each item and condition
 * @param marks notes on the model and the method
 * @param warnings reasons why scores may be misleading
 * @param provenance settings, seed and hashes
 */
public record MoralReport(
    String experiment,
    String model,
    String method,
    List<String> roles,
    List<Readability> conditions,
    List<Score> scores,
    List<Change> changes,
    List<Answer> answers,
    List<String> marks,
    List<String> warnings,
    Provenance provenance) {
  private static final Gson GSON =
      new GsonBuilder().disableHtmlEscaping().serializeNulls().setPrettyPrinting().create();

  /** Copies the lists. */
  public MoralReport {
    roles = List.copyOf(roles);
    conditions = List.copyOf(conditions);
    scores = List.copyOf(scores);
    changes = List.copyOf(changes);
    answers = List.copyOf(answers);
    marks = List.copyOf(marks);
    warnings = List.copyOf(warnings);
  }

  /**
   * Numbers of valid and missing answers of a condition.
   *
   * @param asked number of items
   * @param read number of items with an answer
   * @param blocked items that the guard blocked
   * @param invalid items without a valid sampled answer
   * @param unreadable items that the model cannot read
   * @param unanswered items that an endpoint did not answer; another run sends them again
   * @param samples number of sampled answers; 0 if read from probabilities
   * @param invalidSamples number of those that do not name exactly one option
   * @param coverage mean of {@link AnswerReader.Reading#coverage} over items with an answer; NaN
   *     without
   * @param lowCoverage the share of these items where it is below 0.5
   */
  public record Readability(
      Condition condition,
      int asked,
      int read,
      int blocked,
      int invalid,
      int unreadable,
      int unanswered,
      long samples,
      long invalidSamples,
      double coverage,
      Rate lowCoverage) {
    private Map<String, @Nullable Object> toMap() {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      map.put("condition", condition.label());
      map.put("asked", asked);
      map.put("read", new Rate(read, asked).toMap());
      map.put("blocked", blocked);
      map.put("invalid", invalid);
      map.put("unreadable", unreadable);
      map.put("unanswered", unanswered);
      map.put("samples", samples);
      map.put("invalid_samples", new Rate(invalidSamples, samples).toMap());
      map.put("coverage", orNull(coverage));
      map.put("low_coverage", lowCoverage.toMap());
      return map;
    }
  }

  /**
   * One score of one condition.
   *
   * @param name the name, such as {@code s_amb}
   * @param group the group of items, such as a category or {@code pooled}
   * @param value the score with its interval; NaN if undefined
   */
  public record Score(Condition condition, String name, String group, Interval value) {
    private Map<String, @Nullable Object> toMap() {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      map.put("condition", condition.label());
      map.put("score", name);
      map.put("group", group);
      map.put("value", MoralReport.toMap(value));
      return map;
    }
  }

  /**
   * The change of one score by a condition.
   *
   * @param condition the condition compared with the question alone
   * @param name the score
   * @param group the group of items
   * @param items number of items that were read in both conditions
   * @param question the score of the question alone on these items
   * @param difference the condition's score minus that
   * @param reduction reduction of the score in percent of that; above 100 if its sign changed; NaN
   *     if the question's score is too close to 0
   * @param p two-sided p-value of no difference: by sign flips of clusters' differences, or by
   *     Steiger's test for correlations; NaN if there is no test
   * @param pHolm p adjusted by Holm's method, over the categories of a condition, or over the
   *     conditions of a group of all items
   */
  public record Change(
      Condition condition,
      String name,
      String group,
      int items,
      double question,
      Interval difference,
      Interval reduction,
      double p,
      double pHolm) {
    private Map<String, @Nullable Object> toMap() {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      map.put("condition", condition.label());
      map.put("score", name);
      map.put("group", group);
      map.put("items", items);
      map.put("question", orNull(question));
      map.put("difference", MoralReport.toMap(difference));
      map.put("reduction_percent", MoralReport.toMap(reduction));
      map.put("p", orNull(p));
      map.put("p_holm", orNull(pHolm));
      return map;
    }
  }

  /**
   * The answer to one item.
   *
   * @param item its id
   * @param category the category in which it is scored
   * @param weight number of the data's rows that it represents
   * @param reference Winogender: the occupation's share of women, 0 to 1; else NaN
   * @param status whether there is an answer
   * @param probabilities as {@link MoralReport#roles}; NaN without an answer
   * @param coverage as {@link AnswerReader.Reading#coverage}
   */
  public record Answer(
      Condition condition,
      String item,
      String category,
      double weight,
      double reference,
      Status status,
      List<Double> probabilities,
      double coverage) {
    private Map<String, @Nullable Object> toMap(List<String> roles) {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      map.put("condition", condition.label());
      map.put("item", item);
      map.put("category", category);
      map.put("weight", weight);
      if (!Double.isNaN(reference)) {
        map.put("reference", reference);
      }
      map.put("status", status.name());
      for (int i = 0; i < roles.size(); i++) {
        map.put(roles.get(i), orNull(probabilities.get(i)));
      }
      map.put("coverage", orNull(coverage));
      return map;
    }
  }

  /** Returns a score; empty if the condition was not run or has no such score. */
  public Optional<Score> score(Condition condition, String name, String group) {
    return scores.stream()
        .filter(s -> s.condition == condition && s.name.equals(name) && s.group.equals(group))
        .findFirst();
  }

  /** Returns the change of a score by a condition; empty likewise. */
  public Optional<Change> change(Condition condition, String name, String group) {
    return changes.stream()
        .filter(c -> c.condition == condition && c.name.equals(name) && c.group.equals(group))
        .findFirst();
  }

  /** Returns the report as JSON, with every answer. */
  public String toJson() {
    return toJson(true);
  }

  /**
   * Returns the report as JSON; undefined numbers are null.
   *
   * @param withAnswers whether to include the answers, the largest part
   */
  public String toJson(boolean withAnswers) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("experiment", experiment);
    map.put("model", model);
    map.put("method", method);
    map.put("roles", roles);
    map.put("conditions", conditions.stream().map(Readability::toMap).toList());
    map.put("scores", scores.stream().map(Score::toMap).toList());
    map.put("changes", changes.stream().map(Change::toMap).toList());
    if (withAnswers) {
      map.put("answers", answers.stream().map(a -> a.toMap(roles)).toList());
    }
    map.put("marks", marks);
    map.put("warnings", warnings);
    map.put("provenance", StrictJson.object(provenance.toJson()));
    return GSON.toJson(map);
  }

  private static Map<String, @Nullable Object> toMap(Interval interval) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("estimate", orNull(interval.estimate()));
    map.put("lo", orNull(interval.lo()));
    map.put("hi", orNull(interval.hi()));
    return Collections.unmodifiableMap(map);
  }

  private static @Nullable Double orNull(double value) {
    return Double.isFinite(value) ? value : null;
  }
}
