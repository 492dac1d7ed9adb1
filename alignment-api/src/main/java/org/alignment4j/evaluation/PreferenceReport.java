package org.alignment4j.evaluation;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.analysis.PairedProportions;
import org.jspecify.annotations.Nullable;

/**
 * The effect of preference tuning on a model, measured on held-out pairs and generated answers.
 * Each mean has a percentile bootstrap interval that resamples prompts, so that pairs of one prompt
 * stay together; without cases it is NaN. Immutable.
 *
 * @param pairs scores of the pairs, in the caller's order
 * @param answers scores of generated answers, one per prompt
 * @param omitted pairs, or their answers, that are not included, with the reason
 * @param bootstrap the method of the intervals
 */
public record PreferenceReport(
    List<PairScore> pairs, List<AnswerScore> answers, List<Omission> omitted, Bootstrap bootstrap) {

  /**
   * The tuned model's scores of one held-out pair. Tokens are the predicted tokens of a response,
   * including its end-of-turn token.
   *
   * @param id the pair's name
   * @param prompt number of the prompt, equal for pairs of the same prompt
   * @param chosen log-probability of the preferred response, summed over its tokens, in nats
   * @param rejected log-probability of the other response, summed over its tokens, in nats
   * @param chosenTokens number of tokens of the preferred response, at least 1
   * @param rejectedTokens number of tokens of the other response, at least 1
   * @param divergence KL(tuned || start) on the preferred response, in nats per token, at least 0
   */
  public record PairScore(
      String id,
      int prompt,
      double chosen,
      double rejected,
      int chosenTokens,
      int rejectedTokens,
      double divergence) {
    /**
     * @throws IllegalArgumentException if a response has no tokens or a figure is not finite
     */
    public PairScore {
      require(
          chosenTokens > 0 && rejectedTokens > 0,
          "pair %s: responses of %s and %s tokens",
          id,
          chosenTokens,
          rejectedTokens);
      require(
          Double.isFinite(chosen) && Double.isFinite(rejected) && Double.isFinite(divergence),
          "pair %s: log-probabilities %s and %s, divergence %s, must be finite",
          id,
          chosen,
          rejected,
          divergence);
    }

    /**
     * The mean log-probability per token of the preferred response minus that of the other, in
     * nats.
     */
    public double margin() {
      return chosen / chosenTokens - rejected / rejectedTokens;
    }

    /**
     * Returns 1 if the preferred response has the higher mean log-probability, 0.5 if equal, else
     * 0.
     */
    public double correct() {
      return correct(margin());
    }

    /** As {@link #correct}, by the summed log-probability, which favours shorter responses. */
    public double correctBySum() {
      return correct(chosen - rejected);
    }

    private static double correct(double margin) {
      return margin > 0 ? 1 : margin == 0 ? 0.5 : 0;
    }

    private Map<String, @Nullable Object> toMap() {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      map.put("id", id);
      map.put("prompt", prompt);
      map.put("chosen", chosen);
      map.put("rejected", rejected);
      map.put("chosen_tokens", chosenTokens);
      map.put("rejected_tokens", rejectedTokens);
      map.put("divergence", divergence);
      return Collections.unmodifiableMap(map);
    }
  }

  /**
   * Length and variety of one generated answer.
   *
   * @param id id of the first pair with its prompt
   * @param tokens number of tokens, without the one that ended it
   * @param atLimit whether it was cut off at the token limit
   * @param repetition share of its 4-grams that repeat an earlier one, 0 to 1; NaN below 4 tokens
   * @param distinct1 distinct tokens divided by tokens, 0 to 1; NaN without tokens
   * @param distinct2 distinct 2-grams divided by 2-grams, 0 to 1; NaN below 2 tokens
   */
  public record AnswerScore(
      String id,
      int tokens,
      boolean atLimit,
      double repetition,
      double distinct1,
      double distinct2) {
    private Map<String, @Nullable Object> toMap() {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      map.put("id", id);
      map.put("tokens", tokens);
      map.put("at_limit", atLimit);
      map.put("repetition", orNull(repetition));
      map.put("distinct_1", orNull(distinct1));
      map.put("distinct_2", orNull(distinct2));
      return Collections.unmodifiableMap(map);
    }
  }

  /** The reason why a pair or answer is not included. */
  public enum Reason {
    /** A response is blank: the pair has no scores. */
    EMPTY_RESPONSE,
    /** Prompt and response are longer than the context: the pair has no scores. */
    TOO_LONG,
    /** The prompt leaves no room for an answer of the settings' length; the pair has scores. */
    NO_ROOM_FOR_ANSWER
  }

  /**
   * A pair, or its answer, that is not included in the figures.
   *
   * @param id the pair's name
   * @param reason why it is not included
   */
  public record Omission(String id, Reason reason) {}

  /** Creates a report; the lists are copied. */
  public PreferenceReport {
    pairs = List.copyOf(pairs);
    answers = List.copyOf(answers);
    omitted = List.copyOf(omitted);
  }

  /**
   * Pair accuracy: the share of pairs whose preferred response has the higher mean log-probability
   * per token; ties count half. In [0, 1].
   */
  public Interval accuracy() {
    return overPairs(PairScore::correct);
  }

  /** Pair accuracy by summed log-probability; ties count half. In [0, 1]. */
  public Interval accuracyBySum() {
    return overPairs(PairScore::correctBySum);
  }

  /** Mean margin of the preferred response, in nats per token. */
  public Interval margin() {
    return overPairs(PairScore::margin);
  }

  /**
   * Mean KL(tuned || start) on the preferred responses, in nats per token, with equal weight for
   * each pair.
   */
  public Interval divergence() {
    return overPairs(PairScore::divergence);
  }

  /** Mean length of answers in tokens; answers cut off at the limit are included at that length. */
  public Interval length() {
    return overAnswers(AnswerScore::tokens);
  }

  /** The share of answers that were cut off at the token limit. */
  public Rate atLimit() {
    return new Rate(answers.stream().filter(AnswerScore::atLimit).count(), answers.size());
  }

  /** Mean share of repeated 4-grams in an answer, over those of at least 4 tokens. */
  public Interval repetition() {
    return overAnswers(AnswerScore::repetition);
  }

  /**
   * Mean distinct-1 (Li et al. 2016, within each answer) over answers with tokens. Falls with an
   * answer's length, so compare only answers of similar length.
   */
  public Interval distinct1() {
    return overAnswers(AnswerScore::distinct1);
  }

  /** Mean distinct-2 over answers of at least 2 tokens; see {@link #distinct1}. */
  public Interval distinct2() {
    return overAnswers(AnswerScore::distinct2);
  }

  /**
   * The difference of two methods' pair accuracy, {@code a} minus {@code b}, with a paired
   * bootstrap interval: both are resampled with the same prompts, so that prompt difficulty
   * cancels. If the interval excludes 0, the methods differ significantly on these pairs for these
   * two runs; variation between training seeds is not included. Uses the bootstrap settings of
   * {@code a}.
   *
   * @throws IllegalArgumentException unless both have scores of the same pairs, in the same order
   */
  public static Interval compare(PreferenceReport a, PreferenceReport b) {
    return compare(List.of(a), List.of(b), PairScore::correct);
  }

  /**
   * Pairs ranked correctly in one report and in another, for McNemar's test; ties are not correct.
   * The test assumes independent pairs, which several pairs of one prompt are not; {@link
   * #compare(PreferenceReport, PreferenceReport)} does not assume that.
   *
   * @throws IllegalArgumentException unless both have scores of the same pairs, in the same order
   */
  public static PairedProportions changes(PreferenceReport before, PreferenceReport after) {
    before.requireSamePairs(after);
    return PairedProportions.of(before.correct(), after.correct());
  }

  private boolean[] correct() {
    boolean[] right = new boolean[pairs.size()];
    for (int i = 0; i < right.length; i++) {
      right[i] = pairs.get(i).correct() == 1;
    }
    return right;
  }

  /**
   * The difference of two methods' mean {@link #margin}, in nats per token, otherwise as {@link
   * #compare(PreferenceReport, PreferenceReport)}. It measures how far margins moved, where
   * accuracy measures only whether they crossed 0, and so detects smaller differences; but a model
   * that became more confident overall gains margin without ranking pairs better.
   *
   * @throws IllegalArgumentException unless both have scores of the same pairs, in the same order
   */
  public static Interval compareMargins(PreferenceReport a, PreferenceReport b) {
    return compare(List.of(a), List.of(b), PairScore::margin);
  }

  /**
   * The difference of two methods over several runs, such as seeds, with a paired bootstrap
   * interval: each pair's difference {@code value(a) - value(b)} is averaged over the runs, the
   * i-th of {@code a} against the i-th of {@code b}, then prompts are resampled. The interval is
   * for the mean of these runs on other prompts; variation between runs is not included. Uses the
   * bootstrap settings of the first report of {@code a}.
   *
   * @param a reports of one method, at least one
   * @param b reports of the other method, as many as {@code a}
   * @param value the compared figure, such as {@code PairScore::margin}
   * @throws IllegalArgumentException unless both have equally many reports and all score the same
   *     pairs in the same order
   */
  public static Interval compare(
      List<PreferenceReport> a, List<PreferenceReport> b, ToDoubleFunction<PairScore> value) {
    require(
        !a.isEmpty() && a.size() == b.size(), "reports of %s runs and of %s", a.size(), b.size());
    PreferenceReport first = a.get(0);
    double[] difference = new double[first.pairs.size()];
    for (int r = 0; r < a.size(); r++) {
      first.requireSamePairs(a.get(r));
      first.requireSamePairs(b.get(r));
      for (int i = 0; i < difference.length; i++) {
        difference[i] +=
            (value.applyAsDouble(a.get(r).pairs.get(i))
                    - value.applyAsDouble(b.get(r).pairs.get(i)))
                / a.size();
      }
    }
    return first.overPairs(difference);
  }

  private void requireSamePairs(PreferenceReport other) {
    require(
        pairs.size() == other.pairs.size(),
        "scores of %s and %s pairs",
        pairs.size(),
        other.pairs.size());
    for (int i = 0; i < pairs.size(); i++) {
      String own = pairs.get(i).id();
      String others = other.pairs.get(i).id();
      require(own.equals(others), "pair %s is %s and %s", i, own, others);
    }
  }

  private Interval overPairs(ToDoubleFunction<PairScore> value) {
    return overPairs(pairs.stream().mapToDouble(value).toArray());
  }

  /** The mean over pairs; pairs of one prompt are resampled together. */
  private Interval overPairs(double[] values) {
    Map<Integer, double[]> sums = new LinkedHashMap<>();
    for (int i = 0; i < values.length; i++) {
      double[] group = sums.computeIfAbsent(pairs.get(i).prompt(), p -> new double[2]);
      group[0] += values[i];
      group[1]++;
    }
    List<double[]> groups = new ArrayList<>(sums.values());
    if (groups.isEmpty()) {
      return none();
    }
    return bootstrap.of(
        groups.size(),
        indices -> {
          double sum = 0;
          double n = 0;
          for (int i : indices) {
            sum += groups.get(i)[0];
            n += groups.get(i)[1];
          }
          return sum / n;
        });
  }

  private Interval overAnswers(ToDoubleFunction<AnswerScore> value) {
    double[] known = answers.stream().mapToDouble(value).filter(v -> !Double.isNaN(v)).toArray();
    return known.length == 0 ? none() : bootstrap.mean(known);
  }

  private static Interval none() {
    return new Interval(Double.NaN, Double.NaN, Double.NaN);
  }

  /**
   * Returns this report for JSON, with null for NaN. A mean is {@code {mean, lo, hi}}; {@code
   * omitted} has the ids by reason; {@code pairs} and {@code answers} have the single scores.
   */
  public Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("n_pairs", pairs.size());
    map.put("n_answers", answers.size());
    map.put("accuracy", map(accuracy()));
    map.put("accuracy_by_sum", map(accuracyBySum()));
    map.put("margin", map(margin()));
    map.put("divergence", map(divergence()));
    map.put("length", map(length()));
    map.put("at_limit", atLimit().toMap());
    map.put("repetition", map(repetition()));
    map.put("distinct_1", map(distinct1()));
    map.put("distinct_2", map(distinct2()));
    map.put("level", bootstrap.level());
    map.put("resamples", bootstrap.resamples());
    map.put("seed", bootstrap.seed());
    Map<String, @Nullable Object> ids = new LinkedHashMap<>();
    for (Reason reason : Reason.values()) {
      ids.put(
          reason.name().toLowerCase(Locale.ROOT),
          omitted.stream().filter(o -> o.reason() == reason).map(Omission::id).toList());
    }
    map.put("omitted", Collections.unmodifiableMap(ids));
    map.put("pairs", pairs.stream().map(PairScore::toMap).toList());
    map.put("answers", answers.stream().map(AnswerScore::toMap).toList());
    return Collections.unmodifiableMap(map);
  }

  private static Map<String, @Nullable Object> map(Interval interval) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("mean", orNull(interval.estimate()));
    map.put("lo", orNull(interval.lo()));
    map.put("hi", orNull(interval.hi()));
    return Collections.unmodifiableMap(map);
  }

  private static @Nullable Double orNull(double value) {
    return Double.isNaN(value) ? null : value;
  }
}
