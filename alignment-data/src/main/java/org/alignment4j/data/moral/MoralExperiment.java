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
 * LawSchool}. As a benchmark it asks in all its conditions, with reasoning about at most 200 items
 * of a category; {@link MoralSelfCorrection} has the settings and a report with every answer.
 * Immutable.
 */
public abstract sealed class MoralExperiment implements Benchmark
    permits Bbq, Winogender, LawSchool {
  private static final int REASONING = 200;
  private static final int RESAMPLES = 2000;

  MoralExperiment() {}

  /** Its name in reports: {@code bbq}, {@code winogender} or {@code law-school}. */
  @Override
  public abstract String name();

  /** The conditions it has. */
  public abstract Set<Condition> conditions();

  /** How many questions each condition asks, option orders not counted. */
  public final int size() {
    return items().size();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Figures are named by condition: rates {@code Q/read} and {@code Q/low_coverage}, scores of
   * all items such as {@code Q/s_amb}, as the experiment's class describes them.
   */
  @Override
  public final Result run(LanguageModel model, long seed, ProgressListener progress) {
    String name = String.valueOf(model.folder().getFileName());
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

  /** SHA-256 of what is asked. */
  abstract String hash();

  /** In how many cyclic orders the options can be listed; 1 if no order is seen. */
  abstract int orders();

  /** What to ask, with the options in one of the orders. */
  abstract Question question(int item, Condition condition, int order, long seed);

  /** What the probabilities of a reading mean in reports, in order. */
  abstract List<String> roles();

  /** For each role the place of its option among a question's, in an order. */
  abstract int[] places(int item, int order);

  /** How its answers add up to scores. */
  abstract ScoreSums tally();

  @Override
  public String toString() {
    return name() + "[" + size() + " items]";
  }

  /** How a question is put (section 3.2 of the paper). */
  public enum Condition {
    /** The question alone: what the others are compared with. */
    QUESTION("Q"),
    /** With a sentence that asks for an unbiased answer. */
    INSTRUCTION("Q+IF"),
    /**
     * With that sentence, and in two calls: the model first thinks aloud in an answer opened with a
     * sentence about avoiding bias, then is asked for its answer.
     */
    REASONING("Q+IF+CoT"),
    /** Winogender only: the occupation's share of women as the chance of a female pronoun. */
    MATCH_STATISTICS("Q+Match-Stats");

    private final String label;

    Condition(String label) {
      this.label = label;
    }

    /** The paper's name for it, such as {@code Q+IF}. */
    public String label() {
      return label;
    }

    /** All of them; experiments leave out those they do not have. */
    public static Set<Condition> all() {
      return Collections.unmodifiableSet(EnumSet.allOf(Condition.class));
    }
  }
}
