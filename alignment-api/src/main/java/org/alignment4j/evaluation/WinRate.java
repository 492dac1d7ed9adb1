package org.alignment4j.evaluation;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;

/**
 * How often a judge finds one model's answers better than another's. Each pair of answers is judged
 * in both orders; an answer wins if it is preferred in both, and where the orders disagree it is a
 * tie, so that a judge who favours a place finds nothing. Intervals are of a bootstrap over
 * prompts. Immutable, without texts.
 *
 * @param comparisons one for each prompt with a verdict, in the prompts' order
 * @param unjudged numbers of the prompts without: no room for an answer, or too long for the judge
 * @param bootstrap how intervals are made
 */
public record WinRate(List<Comparison> comparisons, List<Integer> unjudged, Bootstrap bootstrap) {
  /** What becomes of an answer. */
  public enum Outcome {
    /** Preferred in both orders. */
    WIN,
    /** The orders disagree, or the judge is undecided in one. */
    TIE,
    /** The other answer is preferred in both orders. */
    LOSS
  }

  /**
   * What the judge says of two answers to one prompt.
   *
   * @param prompt its number, from 0
   * @param shownFirst log-odds for the own answer when it is the first, in nats
   * @param shownSecond log-odds for the own answer when it is the second, in nats
   */
  public record Comparison(int prompt, double shownFirst, double shownSecond) {
    /**
     * @throws IllegalArgumentException if a figure is not a number
     */
    public Comparison {
      require(
          !Double.isNaN(shownFirst) && !Double.isNaN(shownSecond),
          "prompt %s: log-odds %s and %s",
          prompt,
          shownFirst,
          shownSecond);
    }

    /** Win, tie or loss of the own answer. */
    public Outcome outcome() {
      if (shownFirst > 0 && shownSecond > 0) {
        return Outcome.WIN;
      }
      return shownFirst < 0 && shownSecond < 0 ? Outcome.LOSS : Outcome.TIE;
    }

    /** Mean log-odds of both orders, in nats; what the judge gives to a place cancels. */
    public double logOdds() {
      return (shownFirst + shownSecond) / 2;
    }

    private Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("prompt", prompt);
      map.put("outcome", outcome().name().toLowerCase(java.util.Locale.ROOT));
      map.put("shown_first", shownFirst);
      map.put("shown_second", shownSecond);
      return map;
    }
  }

  /** Copies the lists. */
  public WinRate {
    comparisons = List.copyOf(comparisons);
    unjudged = List.copyOf(unjudged);
  }

  /**
   * Judges given answers.
   *
   * @param prompts what was answered
   * @param own an answer to each
   * @param others another answer to each
   * @throws IllegalArgumentException unless there are as many answers as prompts
   */
  public static WinRate of(
      PairwiseJudge judge,
      List<Prompt> prompts,
      List<String> own,
      List<String> others,
      Bootstrap bootstrap,
      ProgressListener progress) {
    require(
        own.size() == prompts.size() && others.size() == prompts.size(),
        "%s prompts, %s answers and %s others",
        prompts.size(),
        own.size(),
        others.size());
    List<Integer> all = IntStream.range(0, prompts.size()).boxed().toList();
    return of(judge, prompts, all, own, others, bootstrap, progress);
  }

  /**
   * Lets two models answer and judges the answers.
   *
   * @param tuned whose wins are counted
   * @param start the model to compare with
   * @param prompts each is answered by both, if it leaves both room for the longest answer
   * @param generation greedy, or the same draws for both
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public static WinRate between(
      PairwiseJudge judge,
      LanguageModel tuned,
      LanguageModel start,
      List<Prompt> prompts,
      Generation generation,
      Bootstrap bootstrap,
      ProgressListener progress) {
    List<Integer> fitting = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      if (hasRoom(tuned, prompts.get(i), generation)
          && hasRoom(start, prompts.get(i), generation)) {
        fitting.add(i);
      }
    }
    List<Prompt> asked = fitting.stream().map(prompts::get).toList();
    List<String> own = answers(tuned, asked, generation);
    progress.step("answer prompts", asked.size(), 2L * asked.size());
    List<String> others = answers(start, asked, generation);
    progress.step("answer prompts", 2L * asked.size(), 2L * asked.size());
    return of(judge, prompts, fitting, own, others, bootstrap, progress);
  }

  private static boolean hasRoom(LanguageModel model, Prompt prompt, Generation generation) {
    return (long) model.tokenizer().encode(prompt).length + generation.maxNewTokens()
        <= model.longestSequence();
  }

  private static List<String> answers(
      LanguageModel model, List<Prompt> prompts, Generation generation) {
    return prompts.isEmpty()
        ? List.of()
        : model.generate(prompts, generation).stream().map(Completion::text).toList();
  }

  /**
   * @param answered numbers of the prompts that have answers
   */
  private static WinRate of(
      PairwiseJudge judge,
      List<Prompt> prompts,
      List<Integer> answered,
      List<String> own,
      List<String> others,
      Bootstrap bootstrap,
      ProgressListener progress) {
    List<Comparison> comparisons = new ArrayList<>();
    List<Integer> unjudged = new ArrayList<>(IntStream.range(0, prompts.size()).boxed().toList());
    for (int k = 0; k < answered.size(); k++) {
      Integer number = answered.get(k);
      Prompt prompt = prompts.get(number);
      OptionalDouble first = judge.prefers(prompt, own.get(k), others.get(k));
      OptionalDouble second = judge.prefers(prompt, others.get(k), own.get(k));
      if (first.isPresent() && second.isPresent()) {
        comparisons.add(new Comparison(number, first.getAsDouble(), -second.getAsDouble()));
        unjudged.remove(number);
      }
      progress.step("judge answers", k + 1, answered.size());
    }
    return new WinRate(comparisons, unjudged, bootstrap);
  }

  /** How often the own answer is preferred in both orders. */
  public Rate wins() {
    return rate(Outcome.WIN);
  }

  /** How often the orders disagree. */
  public Rate ties() {
    return rate(Outcome.TIE);
  }

  /** How often the other answer is preferred in both orders. */
  public Rate losses() {
    return rate(Outcome.LOSS);
  }

  private Rate rate(Outcome outcome) {
    return new Rate(
        comparisons.stream().filter(c -> c.outcome() == outcome).count(), comparisons.size());
  }

  /**
   * Wins and half of the ties, as a share of all: 0.5 tells nothing, and an interval without 0.5
   * tells the models apart. NaN without comparisons.
   */
  public Interval winRate() {
    return mean(
        comparisons.stream()
            .mapToDouble(
                c ->
                    switch (c.outcome()) {
                      case WIN -> 1;
                      case TIE -> 0.5;
                      case LOSS -> 0;
                    })
            .toArray());
  }

  /** Mean log-odds of both orders for the own answer, in nats; NaN without comparisons. */
  public Interval logOdds() {
    return mean(comparisons.stream().mapToDouble(Comparison::logOdds).toArray());
  }

  private Interval mean(double[] values) {
    return values.length == 0
        ? new Interval(Double.NaN, Double.NaN, Double.NaN)
        : bootstrap.mean(values);
  }

  /**
   * How often the judge prefers what it is shown first, of all its decided verdicts, two for each
   * comparison: far from 0.5 it looks at the place rather than at the answers.
   */
  public Rate firstPreferred() {
    long first = 0;
    long decided = 0;
    for (Comparison c : comparisons) {
      first += (c.shownFirst > 0 ? 1 : 0) + (c.shownSecond < 0 ? 1 : 0);
      decided += (c.shownFirst != 0 ? 1 : 0) + (c.shownSecond != 0 ? 1 : 0);
    }
    return new Rate(first, decided);
  }

  /** These figures by name; for JSON, with null for NaN. */
  public Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("n", comparisons.size());
    map.put("wins", wins().toMap());
    map.put("ties", ties().toMap());
    map.put("losses", losses().toMap());
    map.put("win_rate", map(winRate()));
    map.put("log_odds", map(logOdds()));
    map.put("first_preferred", firstPreferred().toMap());
    map.put("unjudged", unjudged);
    map.put("comparisons", comparisons.stream().map(Comparison::toMap).toList());
    return Collections.unmodifiableMap(map);
  }

  private static Map<String, @Nullable Object> map(Interval interval) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("mean", orNull(interval.estimate()));
    map.put("lo", orNull(interval.lo()));
    map.put("hi", orNull(interval.hi()));
    return map;
  }

  private static @Nullable Double orNull(double value) {
    return Double.isNaN(value) ? null : value;
  }

  /**
   * Decides which of two answers to a prompt is better. {@link ModelJudge} asks a language model.
   * Implementations say whether threads may share them.
   */
  @FunctionalInterface
  public interface PairwiseJudge {
    /**
     * Compares two answers.
     *
     * @param prompt what was answered
     * @param first the answer that the judge is shown first, possibly cut off or empty
     * @param second the other one
     * @return the log-odds that the first is the better one, in nats: above 0 for the first, below
     *     0 for the second, 0 for neither; empty if the judge cannot read the texts
     */
    OptionalDouble prefers(Prompt prompt, String first, String second);
  }
}
