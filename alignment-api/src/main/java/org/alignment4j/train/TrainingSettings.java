package org.alignment4j.train;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a training run. Immutable; created with {@link #builder}.
 *
 * @param epochs passes over the data, 1 or more; ignored if {@code steps} is set
 * @param steps optimizer steps, or 0 to use {@code epochs}
 * @param batchSize rows per optimizer step; the last batch of an epoch may be smaller
 * @param microBatchSize maximum rows per gradient computation; gradients add up over a batch
 * @param microBatchTokens maximum of rows x longest row in a micro batch (a single longer row is
 *     allowed), or 0 for no such limit; needs the loop's length function
 * @param groupByLength whether batches combine rows of similar length, which saves padding; needs
 *     the loop's length function
 * @param learningRate the maximum learning rate, greater than 0
 * @param schedule factor of the learning rate by step
 * @param optimizer settings of AdamW
 * @param maxGradientNorm maximum joint L2 norm of the mean gradients, to which they are scaled;
 *     infinity for no clipping
 * @param seed seed of the data's order and of the objective's random numbers
 * @param evaluateEvery steps between evaluations, or 0 for one at the end
 * @param patience evaluations in a row without a new best one after which training ends, or 0 for
 *     no early end
 * @param checkpointEvery steps between checkpoints, or 0 for one when cancelled and one at the end
 * @param checkpointFolder folder of the checkpoint from which an interrupted training resumes; null
 *     for none
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
   * A builder with the defaults: one epoch, batches of one row, constant learning rate 1e-5,
   * AdamW's defaults, no clipping, no evaluation before the end, no checkpoints, seed 0.
   */
  public static Builder builder() {
    return new Builder();
  }

  /** A builder initialised to these settings. */
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

  /** These settings with some changed. If a micro batch is a whole batch, it remains so. */
  public TrainingSettings with(UnaryOperator<Builder> change) {
    Builder builder = toBuilder();
    if (microBatchSize == batchSize) {
      builder.microBatchSize = 0;
    }
    return change.apply(builder).build();
  }

  /** The number of optimizer steps of a training on {@code rows} rows. */
  public long totalSteps(int rows) {
    return steps > 0 ? steps : (long) epochs * stepsPerEpoch(rows);
  }

  int stepsPerEpoch(int rows) {
    return (int) (((long) rows + batchSize - 1) / batchSize);
  }

  /** All settings that affect the result, by name, as numbers and strings, for provenance. */
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

  /** Builder of {@link TrainingSettings}. Not thread-safe. */
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

    /** Sets the passes over the data, 1 or more, instead of steps. */
    public Builder epochs(int epochs) {
      this.epochs = epochs;
      this.steps = 0;
      return this;
    }

    /** Sets the optimizer steps, 1 or more, instead of epochs. */
    public Builder steps(long steps) {
      require(steps >= 1, "steps must be >= 1, was %s", steps);
      this.steps = steps;
      return this;
    }

    /** Sets the rows per optimizer step. */
    public Builder batchSize(int rows) {
      this.batchSize = rows;
      return this;
    }

    /** Sets the maximum rows per gradient computation; the whole batch by default. */
    public Builder microBatchSize(int rows) {
      require(rows >= 1, "microBatchSize must be >= 1, was %s", rows);
      this.microBatchSize = rows;
      return this;
    }

    /** Sets the maximum of rows x longest row per gradient computation; 0 for no limit. */
    public Builder microBatchTokens(int tokens) {
      this.microBatchTokens = tokens;
      return this;
    }

    /** Sets whether batches combine rows of similar length. */
    public Builder groupByLength(boolean group) {
      this.groupByLength = group;
      return this;
    }

    /** Sets the maximum learning rate. */
    public Builder learningRate(double rate) {
      this.learningRate = rate;
      return this;
    }

    /** Sets the learning rate schedule. */
    public Builder schedule(Schedule schedule) {
      this.schedule = schedule;
      return this;
    }

    /** Sets the settings of AdamW. */
    public Builder optimizer(AdamW.Settings settings) {
      this.optimizer = settings;
      return this;
    }

    /** Sets the maximum joint L2 norm of the mean gradients; infinity for no clipping. */
    public Builder maxGradientNorm(double norm) {
      this.maxGradientNorm = norm;
      return this;
    }

    /** Sets the seed of the data's order and of the objective's random numbers. */
    public Builder seed(long seed) {
      this.seed = seed;
      return this;
    }

    /** Sets the steps between evaluations; 0 for one at the end. */
    public Builder evaluateEvery(int steps) {
      this.evaluateEvery = steps;
      return this;
    }

    /**
     * Sets the number of evaluations in a row without a new best one that ends training; 0 for
     * never.
     */
    public Builder patience(int evaluations) {
      this.patience = evaluations;
      return this;
    }

    /** Sets the steps between checkpoints; 0 for one when cancelled and one at the end. */
    public Builder checkpointEvery(int steps) {
      this.checkpointEvery = steps;
      return this;
    }

    /** Sets the folder of the checkpoint; null for none. */
    public Builder checkpointFolder(@Nullable Path folder) {
      this.checkpointFolder = folder;
      return this;
    }

    /**
     * Returns the settings.
     *
     * @throws IllegalArgumentException if one is out of range
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
   * The learning rate's schedule as a factor from 0 to 1: linear from 0 during the warm-up, then by
   * the decay. The same numbers as Hugging Face transformers' {@code get_*_schedule_with_warmup},
   * in which the first warm-up step has factor 0.
   *
   * @param decay decay after the warm-up
   * @param warmupSteps length of the warm-up in steps, 0 or more; 0 if {@code warmupRatio} is used
   * @param warmupRatio length of the warm-up as a fraction of all steps, rounded up, 0 to 1; 0 if
   *     {@code warmupSteps} is used
   */
  public record Schedule(Decay decay, long warmupSteps, double warmupRatio) {

    /** The decay of the factor after the warm-up. */
    public enum Decay {
      /** Constant at 1. */
      CONSTANT,
      /** Linear from 1 to 0 after the last step. */
      LINEAR,
      /** Half a cosine wave from 1 to 0 after the last step. */
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

    /** No warm-up, constant factor 1. */
    public static Schedule constant() {
      return new Schedule(Decay.CONSTANT, 0, 0);
    }

    /** No warm-up, linear decay to 0. */
    public static Schedule linear() {
      return new Schedule(Decay.LINEAR, 0, 0);
    }

    /** No warm-up, cosine decay to 0. */
    public static Schedule cosine() {
      return new Schedule(Decay.COSINE, 0, 0);
    }

    /** The same decay after a warm-up of {@code steps} steps. */
    public Schedule withWarmupSteps(long steps) {
      return new Schedule(decay, steps, 0);
    }

    /** The same decay after a warm-up of a fraction of all steps, 0 to 1. */
    public Schedule withWarmupRatio(double ratio) {
      return new Schedule(decay, 0, ratio);
    }

    /**
     * The factor for one step.
     *
     * @param step steps done before it, 0-based
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
