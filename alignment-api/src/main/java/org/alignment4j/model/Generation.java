package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.List;
import java.util.Set;

/**
 * Settings of generation. The defaults are greedy: always the likeliest token. Processors and their
 * order are those of transformers: ban of ends, repetition penalty, temperature, top-k, top-p,
 * min-p.
 *
 * @param maxNewTokens most tokens to generate, 1 or more
 * @param minNewTokens no end or stop token is chosen before so many tokens, 0 to maxNewTokens; a
 *     stop string may end a text before
 * @param ignoreEnd whether end tokens are tokens like any other; stop tokens and strings still stop
 * @param temperature by which logits are divided; 0 takes the likeliest token and draws nothing
 * @param topK draws from the so many likeliest tokens, and those as likely as the last of them; 0
 *     for all
 * @param topP draws from the fewest tokens that hold so much probability together, in (0, 1]
 * @param minP draws from tokens that are at least so many times as likely as the likeliest, in [0,
 *     1]
 * @param repetitionPenalty by which the logits of tokens in prompt and answer are divided where
 *     positive and multiplied where negative, above 0; 1 for none
 * @param stopStrings texts that end an answer, which is cut before them; for models with a
 *     tokenizer
 * @param stopTokens ids that end an answer, beside the model's own end tokens
 * @param seed of the draws
 * @param seeds one for each sequence; empty to derive sequence i's from {@code seed} and i
 * @param logProbabilities whether the tokens' log-probabilities are wanted
 */
public record Generation(
    int maxNewTokens,
    int minNewTokens,
    boolean ignoreEnd,
    double temperature,
    int topK,
    double topP,
    double minP,
    double repetitionPenalty,
    List<String> stopStrings,
    Set<Integer> stopTokens,
    long seed,
    List<Long> seeds,
    boolean logProbabilities) {
  /** Checks the ranges. */
  public Generation {
    require(maxNewTokens >= 1, "maxNewTokens must be >= 1, was %s", maxNewTokens);
    require(
        minNewTokens >= 0 && minNewTokens <= maxNewTokens,
        "minNewTokens must be in 0..%s, was %s",
        maxNewTokens,
        minNewTokens);
    require(
        temperature == 0 || (temperature >= 1e-6 && temperature <= 1e6),
        "temperature must be 0 or in 1e-6..1e6, was %s",
        temperature);
    require(topK >= 0, "topK must be >= 0, was %s", topK);
    require(topP > 0 && topP <= 1, "topP must be above 0 and at most 1, was %s", topP);
    require(minP >= 0 && minP <= 1, "minP must be in 0..1, was %s", minP);
    require(
        repetitionPenalty > 0 && repetitionPenalty <= 1e6,
        "repetitionPenalty must be above 0 and at most 1e6, was %s",
        repetitionPenalty);
    stopStrings = List.copyOf(stopStrings);
    stopTokens = Set.copyOf(stopTokens);
    seeds = List.copyOf(seeds);
    require(!stopStrings.contains(""), "a stop string is empty");
    stopTokens.forEach(id -> require(id >= 0, "stop token %s is no id", id));
  }

  /** Greedy generation of at most {@code maxNewTokens} tokens. */
  public static Generation greedy(int maxNewTokens) {
    return builder(maxNewTokens).build();
  }

  /** Starts from greedy generation of at most {@code maxNewTokens} tokens. */
  public static Builder builder(int maxNewTokens) {
    return new Builder(maxNewTokens);
  }

  /** Starts from these settings. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** The same, running on past end tokens. */
  public Generation ignoringEnd() {
    return toBuilder().ignoreEnd(true).build();
  }

  /**
   * The seed of sequence {@code i} of a call, 0-based: given to the same sequence alone, it draws
   * the same numbers.
   *
   * @throws IndexOutOfBoundsException if there are seeds, but none for i
   */
  public long seedOf(int i) {
    return seeds.isEmpty() ? Draws.seed(seed, i) : seeds.get(i);
  }

  /** Whether the likeliest token of the raw logits is taken and nothing else is wanted. */
  boolean isPlainlyGreedy() {
    return temperature == 0 && repetitionPenalty == 1 && !logProbabilities;
  }

  /** Collects settings. Not thread-safe. */
  public static final class Builder {
    private int maxNewTokens;
    private int minNewTokens;
    private boolean ignoreEnd;
    private double temperature;
    private int topK;
    private double topP = 1;
    private double minP;
    private double repetitionPenalty = 1;
    private List<String> stopStrings = List.of();
    private Set<Integer> stopTokens = Set.of();
    private long seed;
    private List<Long> seeds = List.of();
    private boolean logProbabilities;

    private Builder(int maxNewTokens) {
      this.maxNewTokens = maxNewTokens;
    }

    private Builder(Generation from) {
      maxNewTokens = from.maxNewTokens;
      minNewTokens = from.minNewTokens;
      ignoreEnd = from.ignoreEnd;
      temperature = from.temperature;
      topK = from.topK;
      topP = from.topP;
      minP = from.minP;
      repetitionPenalty = from.repetitionPenalty;
      stopStrings = from.stopStrings;
      stopTokens = from.stopTokens;
      seed = from.seed;
      seeds = from.seeds;
      logProbabilities = from.logProbabilities;
    }

    /** See {@link Generation#maxNewTokens}. */
    public Builder maxNewTokens(int value) {
      maxNewTokens = value;
      return this;
    }

    /** See {@link Generation#minNewTokens}; default 0. */
    public Builder minNewTokens(int value) {
      minNewTokens = value;
      return this;
    }

    /** See {@link Generation#ignoreEnd}; default false. */
    public Builder ignoreEnd(boolean value) {
      ignoreEnd = value;
      return this;
    }

    /** See {@link Generation#temperature}; default 0. */
    public Builder temperature(double value) {
      temperature = value;
      return this;
    }

    /** See {@link Generation#topK}; default 0. */
    public Builder topK(int value) {
      topK = value;
      return this;
    }

    /** See {@link Generation#topP}; default 1. */
    public Builder topP(double value) {
      topP = value;
      return this;
    }

    /** See {@link Generation#minP}; default 0. */
    public Builder minP(double value) {
      minP = value;
      return this;
    }

    /** See {@link Generation#repetitionPenalty}; default 1. */
    public Builder repetitionPenalty(double value) {
      repetitionPenalty = value;
      return this;
    }

    /** See {@link Generation#stopStrings}; default none. */
    public Builder stopStrings(List<String> value) {
      stopStrings = value;
      return this;
    }

    /** See {@link Generation#stopTokens}; default none. */
    public Builder stopTokens(Set<Integer> value) {
      stopTokens = value;
      return this;
    }

    /** See {@link Generation#seed}; default 0. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /** See {@link Generation#seeds}; default none. */
    public Builder seeds(List<Long> value) {
      seeds = value;
      return this;
    }

    /** See {@link Generation#logProbabilities}; default false. */
    public Builder logProbabilities(boolean value) {
      logProbabilities = value;
      return this;
    }

    /**
     * The settings.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public Generation build() {
      return new Generation(
          maxNewTokens,
          minNewTokens,
          ignoreEnd,
          temperature,
          topK,
          topP,
          minP,
          repetitionPenalty,
          stopStrings,
          stopTokens,
          seed,
          seeds,
          logProbabilities);
    }
  }
}
