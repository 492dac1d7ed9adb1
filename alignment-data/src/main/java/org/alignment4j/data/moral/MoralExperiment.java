package org.alignment4j.data.moral;

import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.moral.AnswerReader.Question;
import org.alignment4j.evaluation.Benchmark;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.model.LanguageModel;

/**
 * One of the three experiments with its items: {@link Bbq}, {@link Winogender} or {@link
 * LawSchool}. As a benchmark it runs all its conditions, that with reasoning on at most 200 items
 * of a category; {@link MoralSelfCorrection} has settings and a report with every answer.
 * Immutable.
 */
public abstract sealed class MoralExperiment implements Benchmark
    permits Bbq, Winogender, LawSchool {
  private static final int REASONING = 200;
  private static final int RESAMPLES = 2000;

  MoralExperiment() {}

  /** Returns its name in reports: {@code bbq}, {@code winogender} or {@code law-school}. */
  @Override
  public abstract String name();

  /** Returns its conditions. */
  public abstract Set<Condition> conditions();

  /** Returns the number of questions of each condition, not counting option orders. */
  public final int size() {
    return items().size();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Metrics are named by condition: rates {@code Q/read} and {@code Q/low_coverage}, scores of
   * all items such as {@code Q/s_amb}, as the experiment's class describes them.
   */
  @Override
  public final Result run(LanguageModel model, long seed, ProgressListener progress) {
    String name = String.valueOf(model.path().getFileName());
    MoralReport report =
        MoralSelfCorrection.builder()
            .seed(seed)
            .bootstrap(new Bootstrap(RESAMPLES, 0.95, seed))
            .reasoningPerCategory(REASONING)
            .build()
            .run(AnswerReader.forced(model, name), this, Condition.all(), progress);
    Map<String, Rate> rates = new LinkedHashMap<>();
    for (MoralReport.Readability how : report.conditions()) {
      String condition = how.condition().label();
      rates.put(condition + "/read", new Rate(how.read(), how.asked()));
      rates.put(condition + "/low_coverage", how.lowCoverage());
    }
    Map<String, Interval> scores = new LinkedHashMap<>();
    for (MoralReport.Score score : report.scores()) {
      if (score.group().equals("pooled") || score.group().equals("all")) {
        scores.put(score.condition().label() + "/" + score.name(), score.value());
      }
    }
    return new Result(name(), rates, scores, report.warnings());
  }

  abstract List<MoralItem> items();

  /** Returns the SHA-256 of the questions. */
  abstract String hash();

  /** Returns the number of cyclic orders of the options; 1 if the prompt lists none. */
  abstract int orders();

  /** Returns the question of an item, with the options in one of the orders. */
  abstract Question question(int item, Condition condition, int order, long seed);

  /** Returns the names of a reading's probabilities in reports, in order. */
  abstract List<String> roles();

  /** Returns for each role the index of its option among a question's, in an order. */
  abstract int[] optionPositions(int item, int order);

  /** Returns the sums from which its scores are computed. */
  abstract ScoreSums tally();

  @Override
  public String toString() {
    return name() + "[" + size() + " items]";
  }

  /** The form of the prompt (section 3.2 of the paper). */
  public enum Condition {
    /** The question alone: the baseline of the others. */
    QUESTION("Q"),
    /** With a sentence that asks for an unbiased answer. */
    INSTRUCTION("Q+IF"),
    /**
     * With that sentence, and in two calls: the model first reasons in an answer prefilled with a
     * sentence about avoiding bias, then is asked for its answer.
     */
    REASONING("Q+IF+CoT"),
    /**
     * Winogender only: with the occupation's share of women as the desired probability of a female
     * pronoun.
     */
    MATCH_STATISTICS("Q+Match-Stats");

    private final String label;

    Condition(String label) {
      this.label = label;
    }

    /** Returns the paper's name of it, such as {@code Q+IF}. */
    public String label() {
      return label;
    }

    /** Returns all of them; experiments skip those they do not have. */
    public static Set<Condition> all() {
      return Collections.unmodifiableSet(EnumSet.allOf(Condition.class));
    }
  }
}
