package org.alignment4j.train;

import static org.alignment4j.core.Arguments.require;

/**
 * How the learning rate goes over a training, as a factor from 0 to 1: up from 0 in a straight line
 * during the warm-up, then by the decay. The same numbers as Hugging Face transformers' {@code
 * get_*_schedule_with_warmup}, in which the first warm-up step has factor 0.
 *
 * @param decay the course after the warm-up
 * @param warmupSteps length of the warm-up in steps, 0 or more; 0 if {@code warmupRatio} counts
 * @param warmupRatio length of the warm-up as a share of all steps, rounded up, 0 to 1; 0 if {@code
 *     warmupSteps} counts
 */
public record Schedule(Decay decay, long warmupSteps, double warmupRatio) {

  /** The course after the warm-up. */
  public enum Decay {
    /** Stays at 1. */
    CONSTANT,
    /** In a straight line from 1 to 0 at the last step. */
    LINEAR,
    /** By half a cosine wave from 1 to 0 at the last step. */
    COSINE
  }

  /** Checks the ranges. */
  public Schedule {
    require(warmupSteps >= 0, "warmupSteps must be >= 0, was %s", warmupSteps);
    require(
        warmupRatio >= 0 && warmupRatio <= 1, "warmupRatio must be in [0, 1], was %s", warmupRatio);
    require(
        warmupSteps == 0 || warmupRatio == 0,
        "warm-up in steps (%s) or as a ratio (%s), not both",
        warmupSteps,
        warmupRatio);
  }

  /** Factor 1 throughout. */
  public static Schedule constant() {
    return new Schedule(Decay.CONSTANT, 0, 0);
  }

  /** A straight line to 0. */
  public static Schedule linear() {
    return new Schedule(Decay.LINEAR, 0, 0);
  }

  /** Half a cosine wave to 0. */
  public static Schedule cosine() {
    return new Schedule(Decay.COSINE, 0, 0);
  }

  /** The same decay after a warm-up of so many steps. */
  public Schedule withWarmupSteps(long steps) {
    return new Schedule(decay, steps, 0);
  }

  /** The same decay after a warm-up of a share of all steps, 0 to 1. */
  public Schedule withWarmupRatio(double ratio) {
    return new Schedule(decay, 0, ratio);
  }

  /**
   * The factor of one step.
   *
   * @param step steps done before it, from 0
   * @param totalSteps steps of the whole training
   * @return 0 to 1
   */
  public double factor(long step, long totalSteps) {
    long warmup = warmupRatio > 0 ? (long) Math.ceil(totalSteps * warmupRatio) : warmupSteps;
    if (step < warmup) {
      return (double) step / warmup;
    }
    double rest = Math.max(1, totalSteps - warmup);
    return switch (decay) {
      case CONSTANT -> 1;
      case LINEAR -> Math.max(0, (totalSteps - step) / rest);
      case COSINE -> Math.max(0, 0.5 * (1 + Math.cos(Math.PI * (step - warmup) / rest)));
    };
  }
}
