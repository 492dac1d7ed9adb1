package org.alignment4j.data.synthesis;

import static org.alignment4j.core.Arguments.require;

import org.alignment4j.data.filter.InstructionRules;
import org.alignment4j.data.request.ChatRequest.Sampling;

/**
 * Numbers of a synthesis run. Immutable.
 *
 * @param seed of everything that is drawn
 * @param instructions how many are induced for a text, 1 to 4
 * @param rules the cheap rules for instructions
 * @param minNaturalFit the least natural fit that a judge must give, 0 to 4
 * @param judgeTries how often a judge is asked in all until its answer has the right form, 1 or
 *     more
 * @param answerTries how many answers an expert writes in all until one passes, 1 or more
 * @param judging how judges' answers are drawn
 * @param answering how experts' answers are drawn
 */
public record SynthesisSettings(
    long seed,
    int instructions,
    InstructionRules rules,
    int minNaturalFit,
    int judgeTries,
    int answerTries,
    Sampling judging,
    Sampling answering) {
  /**
   * @throws IllegalArgumentException if a number is out of its range
   */
  public SynthesisSettings {
    require(
        instructions >= 1 && instructions <= 4,
        "1 to 4 instructions are induced for a text, was %s",
        instructions);
    require(
        minNaturalFit >= 0 && minNaturalFit <= 4,
        "the least natural fit must be in 0..4, was %s",
        minNaturalFit);
    require(
        judgeTries >= 1 && answerTries >= 1,
        "tries must be 1 or more, were %s and %s",
        judgeTries,
        answerTries);
  }

  /** The paper's where it gives them: one instruction, natural fit 3, three tries of each kind. */
  public static Builder builder() {
    return new Builder();
  }

  /** Sets up {@link SynthesisSettings}. For one thread. */
  public static final class Builder {
    private long seed;
    private int instructions = 1;
    private InstructionRules rules = InstructionRules.STANDARD;
    private int minNaturalFit = 3;
    private int judgeTries = 3;
    private int answerTries = 3;
    private Sampling judging = Sampling.greedy(256);
    private Sampling answering = Sampling.of(512, 0.7, 0.95);

    private Builder() {}

    /** The seed of everything that is drawn; 0 unless set. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /** How many instructions are induced for a text. */
    public Builder instructions(int value) {
      instructions = value;
      return this;
    }

    /** The cheap rules for instructions. */
    public Builder rules(InstructionRules value) {
      rules = value;
      return this;
    }

    /** The least natural fit that a judge must give. */
    public Builder minNaturalFit(int value) {
      minNaturalFit = value;
      return this;
    }

    /** How often a judge is asked in all until its answer has the right form. */
    public Builder judgeTries(int value) {
      judgeTries = value;
      return this;
    }

    /** How many answers an expert writes in all until one passes. */
    public Builder answerTries(int value) {
      answerTries = value;
      return this;
    }

    /** How judges' answers are drawn; greedy, 256 tokens, unless set. */
    public Builder judging(Sampling value) {
      judging = value;
      return this;
    }

    /** How experts' answers are drawn; temperature 0.7, top-p 0.95, 512 tokens, unless set. */
    public Builder answering(Sampling value) {
      answering = value;
      return this;
    }

    /**
     * The settings.
     *
     * @throws IllegalArgumentException if a number is out of its range
     */
    public SynthesisSettings build() {
      return new SynthesisSettings(
          seed, instructions, rules, minNaturalFit, judgeTries, answerTries, judging, answering);
    }
  }
}
