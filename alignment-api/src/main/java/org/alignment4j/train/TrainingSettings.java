package org.alignment4j.train;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * How a training is done. Immutable; made by {@link #builder}.
 *
 * @param epochs passes over the data, 1 or more; not used if {@code steps} is set
 * @param steps optimizer steps, or 0 to count in epochs
 * @param batchSize rows per optimizer step; the last batch of an epoch may be smaller
 * @param microBatchSize rows per gradient computation at most; gradients add up over a batch
 * @param microBatchTokens rows x longest row of a micro batch at most (a single longer row goes
 *     alone), or 0 for no such limit; needs the loop's length function
 * @param groupByLength whether batches gather rows of similar length, which saves padding; needs
 *     the loop's length function
 * @param learningRate the highest learning rate, greater than 0
 * @param schedule its course over the steps
 * @param optimizer settings of AdamW
 * @param maxGradientNorm mean gradients are scaled to this joint L2 norm at most; infinity for none
 * @param seed of the data's order and of the objective's random numbers
 * @param evaluateEvery steps between evaluations, or 0 for one at the end
 * @param patience evaluations in a row without a new best one after which training ends, or 0 for
 *     no early end
 * @param checkpointEvery steps between checkpoints, or 0 for one when cancelled and one at the end
 * @param checkpointFolder where the checkpoint lies, from which an interrupted training goes on;
 *     null for none
 */
public record TrainingSettings(
    int epochs,
    long steps,
    int batchSize,
    int microBatchSize,
    int microBatchTokens,
    boolean groupByLength,
    double learningRate,
    Schedule schedule,
    AdamW.Settings optimizer,
    double maxGradientNorm,
    long seed,
    int evaluateEvery,
    int patience,
    int checkpointEvery,
    @Nullable Path checkpointFolder) {

  /** Checks the ranges. */
  public TrainingSettings {
    require(steps >= 0, "steps must be >= 0, was %s", steps);
    require(steps > 0 || epochs >= 1, "epochs must be >= 1, was %s", epochs);
    require(batchSize >= 1, "batchSize must be >= 1, was %s", batchSize);
    require(microBatchSize >= 1, "microBatchSize must be >= 1, was %s", microBatchSize);
    require(microBatchTokens >= 0, "microBatchTokens must be >= 0, was %s", microBatchTokens);
    require(
        learningRate > 0 && Double.isFinite(learningRate),
        "learningRate must be > 0, was %s",
        learningRate);
    require(maxGradientNorm > 0, "maxGradientNorm must be > 0, was %s", maxGradientNorm);
    require(evaluateEvery >= 0, "evaluateEvery must be >= 0, was %s", evaluateEvery);
    require(patience >= 0, "patience must be >= 0, was %s", patience);
    require(checkpointEvery >= 0, "checkpointEvery must be >= 0, was %s", checkpointEvery);
  }

  /**
   * One epoch, batches of one row, learning rate 1e-5, constant, AdamW's defaults, no clipping, no
   * evaluation before the end, no checkpoints, seed 0.
   */
  public static Builder builder() {
    return new Builder();
  }

  /** A builder that begins with these settings. */
  public Builder toBuilder() {
    Builder b = new Builder();
    b.epochs = epochs;
    b.steps = steps;
    b.batchSize = batchSize;
    b.microBatchSize = microBatchSize;
    b.microBatchTokens = microBatchTokens;
    b.groupByLength = groupByLength;
    b.learningRate = learningRate;
    b.schedule = schedule;
    b.optimizer = optimizer;
    b.maxGradientNorm = maxGradientNorm;
    b.seed = seed;
    b.evaluateEvery = evaluateEvery;
    b.patience = patience;
    b.checkpointEvery = checkpointEvery;
    b.checkpointFolder = checkpointFolder;
    return b;
  }

  /**
   * The same training with some settings changed. Where a micro batch is a whole batch it stays so.
   */
  public TrainingSettings with(UnaryOperator<Builder> change) {
    Builder builder = toBuilder();
    if (microBatchSize == batchSize) {
      builder.microBatchSize = 0;
    }
    return change.apply(builder).build();
  }

  /** Optimizer steps of a training on so many rows. */
  public long totalSteps(int rows) {
    return steps > 0 ? steps : (long) epochs * stepsPerEpoch(rows);
  }

  int stepsPerEpoch(int rows) {
    return (int) (((long) rows + batchSize - 1) / batchSize);
  }

  /** All settings that the result depends on, by name, as numbers and texts, for provenance. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    if (steps > 0) {
      map.put("steps", steps);
    } else {
      map.put("epochs", epochs);
    }
    map.put("batch_size", batchSize);
    map.put("micro_batch_size", microBatchSize);
    map.put("micro_batch_tokens", microBatchTokens);
    map.put("group_by_length", groupByLength);
    map.put("learning_rate", learningRate);
    map.put("schedule", schedule.decay().name());
    map.put("warmup_steps", schedule.warmupSteps());
    map.put("warmup_ratio", schedule.warmupRatio());
    map.put("beta1", optimizer.beta1());
    map.put("beta2", optimizer.beta2());
    map.put("eps", optimizer.eps());
    map.put("weight_decay", optimizer.weightDecay());
    map.put(
        "max_gradient_norm",
        Double.isInfinite(maxGradientNorm) ? "none" : (Object) maxGradientNorm);
    map.put("seed", seed);
    map.put("evaluate_every", evaluateEvery);
    map.put("patience", patience);
    return map;
  }

  /** Collects settings. Not thread-safe. */
  public static final class Builder {
    private int epochs = 1;
    private long steps;
    private int batchSize = 1;
    private int microBatchSize;
    private int microBatchTokens;
    private boolean groupByLength;
    private double learningRate = 1e-5;
    private Schedule schedule = Schedule.constant();
    private AdamW.Settings optimizer = AdamW.Settings.DEFAULT;
    private double maxGradientNorm = Double.POSITIVE_INFINITY;
    private long seed;
    private int evaluateEvery;
    private int patience;
    private int checkpointEvery;
    private @Nullable Path checkpointFolder;

    private Builder() {}

    /** Passes over the data, 1 or more, instead of steps. */
    public Builder epochs(int epochs) {
      this.epochs = epochs;
      this.steps = 0;
      return this;
    }

    /** Optimizer steps, 1 or more, instead of epochs. */
    public Builder steps(long steps) {
      require(steps >= 1, "steps must be >= 1, was %s", steps);
      this.steps = steps;
      return this;
    }

    /** Rows per optimizer step. */
    public Builder batchSize(int rows) {
      this.batchSize = rows;
      return this;
    }

    /** Rows per gradient computation at most; the whole batch if not set. */
    public Builder microBatchSize(int rows) {
      require(rows >= 1, "microBatchSize must be >= 1, was %s", rows);
      this.microBatchSize = rows;
      return this;
    }

    /** Rows x longest row per gradient computation at most; 0 for no limit. */
    public Builder microBatchTokens(int tokens) {
      this.microBatchTokens = tokens;
      return this;
    }

    /** Whether batches gather rows of similar length. */
    public Builder groupByLength(boolean group) {
      this.groupByLength = group;
      return this;
    }

    /** The highest learning rate. */
    public Builder learningRate(double rate) {
      this.learningRate = rate;
      return this;
    }

    /** The learning rate's course. */
    public Builder schedule(Schedule schedule) {
      this.schedule = schedule;
      return this;
    }

    /** Settings of AdamW. */
    public Builder optimizer(AdamW.Settings settings) {
      this.optimizer = settings;
      return this;
    }

    /** The largest joint L2 norm of the mean gradients; infinity for none. */
    public Builder maxGradientNorm(double norm) {
      this.maxGradientNorm = norm;
      return this;
    }

    /** Of the data's order and of the objective's random numbers. */
    public Builder seed(long seed) {
      this.seed = seed;
      return this;
    }

    /** Steps between evaluations; 0 for one at the end. */
    public Builder evaluateEvery(int steps) {
      this.evaluateEvery = steps;
      return this;
    }

    /** Evaluations in a row without a new best one after which training ends; 0 for never. */
    public Builder patience(int evaluations) {
      this.patience = evaluations;
      return this;
    }

    /** Steps between checkpoints; 0 for one when cancelled and one at the end. */
    public Builder checkpointEvery(int steps) {
      this.checkpointEvery = steps;
      return this;
    }

    /** Where the checkpoint lies; null for none. */
    public Builder checkpointFolder(@Nullable Path folder) {
      this.checkpointFolder = folder;
      return this;
    }

    /**
     * Makes the settings.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public TrainingSettings build() {
      return new TrainingSettings(
          epochs,
          steps,
          batchSize,
          microBatchSize == 0 ? Math.max(1, batchSize) : microBatchSize,
          microBatchTokens,
          groupByLength,
          learningRate,
          schedule,
          optimizer,
          maxGradientNorm,
          seed,
          evaluateEvery,
          patience,
          checkpointEvery,
          checkpointFolder);
    }
  }

  /**
   * How the learning rate goes over a training, as a factor from 0 to 1: up from 0 in a straight
   * line during the warm-up, then by the decay. The same numbers as Hugging Face transformers'
   * {@code get_*_schedule_with_warmup}, in which the first warm-up step has factor 0.
   *
   * @param decay the course after the warm-up
   * @param warmupSteps length of the warm-up in steps, 0 or more; 0 if {@code warmupRatio} counts
   * @param warmupRatio length of the warm-up as a share of all steps, rounded up, 0 to 1; 0 if
   *     {@code warmupSteps} counts
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
          warmupRatio >= 0 && warmupRatio <= 1,
          "warmupRatio must be in [0, 1], was %s",
          warmupRatio);
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
}
