package org.alignment4j.evaluation;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.common.collect.Lists;
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
 * The share of prompts for which a judge prefers one model's answer to another's. Each pair of
 * answers is judged in both orders; an answer wins if it is preferred in both. If the orders
 * disagree it is a tie, so that position bias favours neither model. Intervals are from a bootstrap
 * over prompts. Immutable; contains no texts.
 *
 * @param comparisons one per prompt with a verdict, in the order of the prompts
 * @param unjudged 0-based indices of the prompts without a verdict: no room for an answer, or too
 *     long for the judge
 * @param bootstrap the method of the intervals
 */
public record WinRate(List<Comparison> comparisons, List<Integer> unjudged, Bootstrap bootstrap) {
  /** Prompts that are judged together. */
  private static final int TOGETHER = 16;

  /** The outcome of a comparison for the first model's answer. */
  public enum Outcome {
    /** Preferred in both orders. */
    WIN,
    /** The orders disagree, or the judge is undecided in one. */
    TIE,
    /** The other answer is preferred in both orders. */
    LOSS
  }

  /**
   * The judge's verdict on two answers to one prompt.
   *
   * @param prompt 0-based index of the prompt
   * @param shownFirst log-odds for the first model's answer when it is shown first, in nats
   * @param shownSecond log-odds for the first model's answer when it is shown second, in nats
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

    /** Whether the first model's answer wins, ties or loses. */
    public Outcome outcome() {
      if (shownFirst > 0 && shownSecond > 0) {
        return Outcome.WIN;
      }
      return shownFirst < 0 && shownSecond < 0 ? Outcome.LOSS : Outcome.TIE;
    }

    /** The mean log-odds over both orders, in nats; position bias cancels. */
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

  /** Creates a result; the lists are copied. */
  public WinRate {
    comparisons = List.copyOf(comparisons);
    unjudged = List.copyOf(unjudged);
  }

  /**
   * Judges given answers.
   *
   * @param prompts the prompts that were answered
   * @param own one model's answer to each prompt
   * @param others the other model's answer to each prompt
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
   * Generates answers with two models and judges them.
   *
   * @param tuned the model whose wins are counted
   * @param start the model to compare with
   * @param prompts prompts that both models answer; one that leaves either no room for the longest
   *     answer is not judged
   * @param generation settings for both models, with the same random numbers if it samples
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
    List<Prompt> answerable = fitting.stream().map(prompts::get).toList();
    List<String> own = answers(tuned, answerable, generation);
    progress.step("answer prompts", answerable.size(), 2L * answerable.size());
    List<String> others = answers(start, answerable, generation);
    progress.step("answer prompts", 2L * answerable.size(), 2L * answerable.size());
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
   * @param answered 0-based indices of the prompts that have answers
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
    int done = 0;
    for (List<Integer> some : Lists.partition(answered, TOGETHER)) {
      List<Prompt> both = new ArrayList<>();
      List<String> first = new ArrayList<>();
      List<String> second = new ArrayList<>();
      for (int k = 0; k < some.size(); k++) {
        Prompt prompt = prompts.get(some.get(k));
        both.addAll(List.of(prompt, prompt));
        first.addAll(List.of(own.get(done + k), others.get(done + k)));
        second.addAll(List.of(others.get(done + k), own.get(done + k)));
      }
      List<OptionalDouble> verdicts = judge.prefersAll(both, first, second);
      for (int k = 0; k < some.size(); k++) {
        OptionalDouble shownFirst = verdicts.get(2 * k);
        OptionalDouble shownSecond = verdicts.get(2 * k + 1);
        if (shownFirst.isPresent() && shownSecond.isPresent()) {
          comparisons.add(
              new Comparison(some.get(k), shownFirst.getAsDouble(), -shownSecond.getAsDouble()));
          unjudged.remove(some.get(k));
        }
      }
      done += some.size();
      progress.step("judge answers", done, answered.size());
    }
    return new WinRate(comparisons, unjudged, bootstrap);
  }

  /** The share of comparisons in which the first model's answer is preferred in both orders. */
  public Rate wins() {
    return rate(Outcome.WIN);
  }

  /** The share of comparisons in which the orders disagree. */
  public Rate ties() {
    return rate(Outcome.TIE);
  }

  /** The share of comparisons in which the other answer is preferred in both orders. */
  public Rate losses() {
    return rate(Outcome.LOSS);
  }

  private Rate rate(Outcome outcome) {
    return new Rate(
        comparisons.stream().filter(c -> c.outcome() == outcome).count(), comparisons.size());
  }

  /**
   * The win rate: wins plus half of the ties, as a share of all comparisons. At 0.5 the models are
   * equal; if the interval excludes 0.5, they differ significantly. NaN without comparisons.
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

  /**
   * The mean log-odds over both orders for the first model's answer, in nats; NaN without
   * comparisons.
   */
  public Interval logOdds() {
    return mean(comparisons.stream().mapToDouble(Comparison::logOdds).toArray());
  }

  private Interval mean(double[] values) {
    return values.length == 0
        ? new Interval(Double.NaN, Double.NaN, Double.NaN)
        : bootstrap.mean(values);
  }

  /**
   * The share of decided verdicts, two per comparison, in which the judge prefers the answer shown
   * first. A value far from 0.5 indicates position bias.
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

  /** Returns these figures by name for JSON, with null for NaN. */
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
   * Decides which of two answers to a prompt is better. {@link ModelJudge} is one that uses a
   * language model. One that gains by working in batches overrides {@link #prefersAll}.
   * Implementations document whether they are thread-safe.
   */
  @FunctionalInterface
  public interface PairwiseJudge {
    /**
     * Compares two answers.
     *
     * @param prompt the prompt that was answered
     * @param first the answer shown first, possibly cut off or empty
     * @param second the answer shown second, possibly cut off or empty
     * @return the log-odds that the first is the better one, in nats: above 0 for the first, below
     *     0 for the second, 0 for a tie; empty if the judge cannot process the texts
     */
    OptionalDouble prefers(Prompt prompt, String first, String second);

    /**
     * Compares many pairs of answers: verdict i belongs to prompt i and its answers.
     *
     * @throws IllegalArgumentException if the lists differ in length
     */
    default List<OptionalDouble> prefersAll(
        List<Prompt> prompts, List<String> firsts, List<String> seconds) {
      require(
          firsts.size() == prompts.size() && seconds.size() == prompts.size(),
          "%s prompts, %s first and %s second answers",
          prompts.size(),
          firsts.size(),
          seconds.size());
      return IntStream.range(0, prompts.size())
          .mapToObj(i -> prefers(prompts.get(i), firsts.get(i), seconds.get(i)))
          .toList();
    }
  }
}
