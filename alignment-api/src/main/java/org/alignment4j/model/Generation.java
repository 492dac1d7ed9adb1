package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.List;
import java.util.Set;

/**
 * Settings of generation. The default is greedy: always the most likely token. The processors and
 * their order are those of transformers: suppression of end tokens, repetition penalty,
 * temperature, top-k, top-p, min-p.
 *
 * @param maxNewTokens maximum number of tokens to generate, 1 or more
 * @param minNewTokens minimum number of tokens before an end or stop token may be chosen, 0 to
 *     maxNewTokens; a stop string may end the text earlier
 * @param ignoreEnd whether the model's end tokens do not end generation; stop tokens and strings
 *     still do
 * @param temperature divisor of the logits; 0 takes the most likely token without drawing
 * @param topK number of most likely tokens to draw from; tokens as likely as the last of them are
 *     included; 0 for all
 * @param topP draws from the smallest set of tokens with at least this total probability, in (0, 1]
 * @param minP draws from tokens at least this fraction as likely as the most likely one, in [0, 1]
 * @param repetitionPenalty divisor of positive and factor of negative logits of tokens that occur
 *     in prompt or completion, above 0; 1 for none
 * @param stopStrings texts that end a completion, which is cut before them; need a tokenizer
 * @param stopTokens ids that end a completion, in addition to the model's end tokens
 * @param seed seed of the draws
 * @param seeds one seed per sequence; empty to derive sequence i's from {@code seed} and i
 * @param logProbabilities whether to return the tokens' log-probabilities
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
    stopTokens.forEach(id -> require(id >= 0, "stop token %s is not an id", id));
  }

  /** Settings for greedy generation of at most {@code maxNewTokens} tokens. */
  public static Generation greedy(int maxNewTokens) {
    return builder(maxNewTokens).build();
  }

  /** A builder initialised to greedy generation of at most {@code maxNewTokens} tokens. */
  public static Builder builder(int maxNewTokens) {
    return new Builder(maxNewTokens);
  }

  /** A builder initialised to these settings. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** The same settings with {@code ignoreEnd}. */
  public Generation ignoringEnd() {
    return toBuilder().ignoreEnd(true).build();
  }

  /**
   * The seed of sequence {@code i} of a call, 0-based. With this seed the same sequence in a call
   * of its own draws the same numbers.
   *
   * @throws IndexOutOfBoundsException if seeds are given, but none for i
   */
  public long seedOf(int i) {
    return seeds.isEmpty() ? Draws.seed(seed, i) : seeds.get(i);
  }

  /** Whether only the most likely token of the raw logits is needed. */
  boolean isPlainlyGreedy() {
    return temperature == 0 && repetitionPenalty == 1 && !logProbabilities;
  }

  /** Builder of {@link Generation}. Not thread-safe. */
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
     * Returns the settings.
     *
     * @throws IllegalArgumentException if one is out of range
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
