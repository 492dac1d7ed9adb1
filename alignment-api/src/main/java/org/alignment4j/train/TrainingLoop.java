package org.alignment4j.train;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.internal.tensor.GradientScope;
import org.jspecify.annotations.Nullable;

/**
 * Minimises an {@link Objective} over rows of data with AdamW. Each optimizer step averages the
 * gradients of one batch, computed in micro batches; the order of the data is a pure function of
 * seed and epoch.
 *
 * <p>With an {@link Evaluator}, the parameters of the best acceptable evaluation are the result;
 * without one, those after the last step. With a checkpoint folder, an interrupted or killed
 * training resumes when {@code run} is called again with the same settings, data and initial
 * parameters, and ends with the same parameters, bit for bit, on the same machine with the same
 * number of threads; a completed one returns its result again without training.
 *
 * <p>Immutable, but only one training may run at a time in a process.
 *
 * @param <B> one row of data
 */
public final class TrainingLoop<B> {
  private final TrainingSettings settings;
  private final String task;
  private final String fingerprint;
  private final @Nullable Evaluator evaluator;
  private final @Nullable ToIntFunction<? super B> length;

  private TrainingLoop(Builder<B> builder) {
    this.settings = builder.settings;
    this.task = builder.task;
    this.fingerprint = builder.fingerprint;
    this.evaluator = builder.evaluator;
    this.length = builder.length;
  }

  /** A loop with these settings and no further options. */
  public static <B> TrainingLoop<B> of(TrainingSettings settings) {
    return TrainingLoop.<B>builder(settings).build();
  }

  /** Returns a builder of a loop. */
  public static <B> Builder<B> builder(TrainingSettings settings) {
    return new Builder<>(settings);
  }

  /**
   * Trains, or resumes training, on the calling thread, and changes the objective's parameters in
   * place. To cancel, interrupt the thread.
   *
   * @param data at least one row; must not change during the call
   * @param progress called after every step with loss, learning_rate, gradient_norm,
   *     median_gradient_over_eps and the objective's metrics; and after every evaluation, as task
   *     "...: evaluate", with score, acceptable (1 or 0) and the evaluator's metrics
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted, after writing a
   *     checkpoint if there is a folder; the parameters are then those after the last step
   * @throws org.alignment4j.core.AlignmentException if a loss or gradient is not finite; the
   *     message names the step. The parameters are then those of the best acceptable evaluation,
   *     those from before the training if none was acceptable, or without an evaluator those before
   *     that step
   * @throws org.alignment4j.core.CheckpointException if the folder's checkpoint is damaged or of
   *     another training, or none can be written
   * @throws IllegalStateException if another training runs in this process
   */
  @SuppressWarnings("try") // the scope only needs to be open
  public TrainingResult run(List<B> data, Objective<B> objective, ProgressListener progress) {
    require(!data.isEmpty(), "no training data");
    try (GradientScope gradients = GradientScope.open();
        TrainingRun<B> run = new TrainingRun<>(this, data, objective, progress)) {
      return run.complete();
    }
  }

  TrainingSettings settings() {
    return settings;
  }

  String task() {
    return task;
  }

  String fingerprint() {
    return fingerprint;
  }

  @Nullable Evaluator evaluator() {
    return evaluator;
  }

  int @Nullable [] lengths(List<B> data) {
    ToIntFunction<? super B> measure = length;
    return measure == null ? null : data.stream().mapToInt(measure).toArray();
  }

  /**
   * Builder of {@link TrainingLoop}. Not thread-safe.
   *
   * @param <B> one row of data
   */
  public static final class Builder<B> {
    private final TrainingSettings settings;
    private String task = "train";
    private String fingerprint = "";
    private @Nullable Evaluator evaluator;
    private @Nullable ToIntFunction<? super B> length;

    private Builder(TrainingSettings settings) {
      this.settings = settings;
    }

    /** Sets the name of the work in progress and messages, e.g. "tune layer 4". */
    public Builder<B> task(String task) {
      this.task = task;
      return this;
    }

    /**
     * Sets a text that identifies everything else the result depends on: hashes of data and base
     * model, the objective's settings. A checkpoint with another fingerprint is rejected; without
     * one, changed data of the same size is not detected.
     */
    public Builder<B> fingerprint(String fingerprint) {
      this.fingerprint = fingerprint;
      return this;
    }

    /** Sets the evaluator of the parameters during training and at its end. */
    public Builder<B> evaluator(@Nullable Evaluator evaluator) {
      this.evaluator = evaluator;
      return this;
    }

    /**
     * Sets a pure function for a row's length in tokens. Micro batches then hold rows of similar
     * length, longest first.
     */
    public Builder<B> length(ToIntFunction<? super B> length) {
      this.length = length;
      return this;
    }

    /** Returns the loop. */
    public TrainingLoop<B> build() {
      return new TrainingLoop<>(this);
    }
  }

  /**
   * The loss that a {@link TrainingLoop} minimises: parameters, and a loss over rows of data with
   * its gradients. Called on the training thread only.
   *
   * @param <B> one row of data
   */
  public interface Objective<B> {

    /**
     * The trained tensors: float32, on one device, requiring gradients, of any shapes; the same
     * objects at each call. The loop changes their values in place.
     */
    NDList parameters();

    /** Unique names of the {@link #parameters}, in their order. */
    List<String> parameterNames();

    /**
     * Computes a micro batch's losses and gradients: the <em>sums</em> over its rows, which the
     * loop adds up over the batch and divides by the total weight. The parameters must not be
     * changed.
     *
     * @param batch at least one row
     * @param scope owns the gradients and all intermediate tensors; closed after the call
     * @param stepSeed the seed for dropout and the like: a pure function of the settings' seed, the
     *     step, and the micro batch's index in its batch
     */
    Gradients gradients(List<B> batch, NDManager scope, long stepSeed);

    /**
     * Called before each optimizer step, e.g. to update a target that depends on the parameters.
     * May be called again for the same step when a cancelled training is resumed, and must then
     * have the same effect.
     *
     * @param step optimizer steps done so far, from 0
     * @param scope for temporary tensors, closed after the call
     */
    default void beforeStep(long step, NDManager scope) {}

    /**
     * The objective's state besides the parameters, for the checkpoint: values by name. Data and
     * settings do not belong here.
     */
    default Map<String, float[]> state() {
      return Map.of();
    }

    /** Restores a {@link #state}, after the parameters were restored from a checkpoint. */
    default void restore(Map<String, float[]> state) {}

    /**
     * Sums over the rows of a micro batch.
     *
     * @param lossSum sum of the losses
     * @param weight divisor of {@code lossSum} for the mean loss: rows, tokens or class weights
     *     summed; 0 or more
     * @param gradients derivatives of {@code lossSum}, one per parameter, float32, same shapes
     * @param metrics further figures by name, as sums like {@code lossSum}; the loop divides them
     *     by the batch's total weight
     */
    record Gradients(double lossSum, double weight, NDList gradients, Map<String, Double> metrics) {
      /** Copies the metrics and checks the weight. */
      public Gradients {
        require(weight >= 0 && Double.isFinite(weight), "weight must be >= 0, was %s", weight);
        metrics = Map.copyOf(metrics);
      }

      /** Sums without metrics. */
      public Gradients(double lossSum, double weight, NDList gradients) {
        this(lossSum, weight, gradients, Map.of());
      }
    }
  }

  /**
   * Evaluates the current parameters: decides which state of a training is kept, and when it ends
   * early. Called on the training thread.
   */
  @FunctionalInterface
  public interface Evaluator {

    /**
     * Measures the objective's current parameters without changing them. Must depend only on the
     * parameters and the step, so that a resumed training makes the same choices as an
     * uninterrupted one.
     *
     * @param step optimizer steps done so far, from 1
     */
    Evaluation evaluate(long step);

    /**
     * One measurement.
     *
     * @param score higher is better; not NaN
     * @param acceptable whether these parameters may be the training's result
     * @param stop whether the training should end here
     * @param metrics further figures by name
     */
    record Evaluation(double score, boolean acceptable, boolean stop, Map<String, Double> metrics) {
      /** Checks the score and copies the metrics. */
      public Evaluation {
        require(!Double.isNaN(score), "an evaluation's score must be a number, was NaN");
        metrics = Map.copyOf(metrics);
      }

      /** An acceptable evaluation with a score; training continues. */
      public static Evaluation of(double score) {
        return new Evaluation(score, true, false, Map.of());
      }
    }
  }
}
