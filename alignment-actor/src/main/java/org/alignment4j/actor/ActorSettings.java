package org.alignment4j.actor;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.alignment4j.actor.ActorPrompts.PromptClass;
import org.alignment4j.core.Layer;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.train.TrainingSettings;
import org.jspecify.annotations.Nullable;

/**
 * Settings of {@link ActorTuner}. Immutable; made by {@link #builder}.
 *
 * @param layer the layer whose block is tuned; null to choose one
 * @param target form of the target that a prompt's activation is moved to
 * @param alpha the projection multiplier, greater than 0
 * @param training steps, learning rate, batches, seed, checkpoints; with a gate it is evaluated at
 *     each refresh, whatever is set there
 * @param refreshEvery steps after which the direction is recomputed with the block's current
 *     weights (K in the paper) and the safety gate measures; 0 for never
 * @param weights total weight of the classes relative to each other
 * @param anchors prompts of each class that define the direction, 2 or more
 * @param gate the safety gate; null for none, which is for experiments only
 * @param cachePrefix whether the blocks below are run once and their output is cached; otherwise
 *     they are run at each step
 * @param cacheBytes bytes of the prefix cache kept in memory; a larger cache is a memory-mapped
 *     file
 * @param judge the judge of the gate's responses; a tuning resumed from a checkpoint must use the
 *     same
 */
public record ActorSettings(
    @Nullable Layer layer,
    Target target,
    double alpha,
    TrainingSettings training,
    int refreshEvery,
    ClassWeights weights,
    int anchors,
    @Nullable Gate gate,
    boolean cachePrefix,
    long cacheBytes,
    RefusalJudge judge) {

  /**
   * Relative total weight of the classes, whatever their number of prompts; not all 0.
   *
   * @param harmful of Q-
   * @param benign of Q+
   * @param pseudoHarmful of Q_PH
   * @param contrast of the contrast prompts, if there are any
   */
  public record ClassWeights(double harmful, double benign, double pseudoHarmful, double contrast) {
    /** Checks that all are finite, none is negative and one is positive. */
    public ClassWeights {
      double sum = harmful + benign + pseudoHarmful + contrast;
      require(
          harmful >= 0
              && benign >= 0
              && pseudoHarmful >= 0
              && contrast >= 0
              && sum > 0
              && Double.isFinite(sum),
          "class weights must be >= 0, and one of them more: %s, %s, %s, %s",
          harmful,
          benign,
          pseudoHarmful,
          contrast);
    }

    double of(PromptClass promptClass) {
      return switch (promptClass) {
        case HARMFUL -> harmful;
        case BENIGN -> benign;
        case PSEUDO_HARMFUL -> pseudoHarmful;
        case CONTRAST -> contrast;
      };
    }
  }

  /**
   * Conditions under which a state of the block that lowers over-refusal may be kept; of the states
   * that meet them, the one with the lowest over-refusal is kept, or with contrast prompts the one
   * with the highest share of safe prompts answered plus that of contrast prompts refused.
   *
   * @param tolerance share of the held-out harmful prompts that may be refused less than before, at
   *     least one prompt; 0 to 1
   * @param klBudget highest allowed mean KL(base || tuned) of the first response token on benign
   *     prompts, in nats
   * @param tokens maximum number of response tokens that are generated and judged
   * @param contrastTolerance as {@code tolerance}, of the held-out contrast prompts
   */
  public record Gate(double tolerance, double klBudget, int tokens, double contrastTolerance) {
    /** 1 % tolerance, 0.5 nats, 32 tokens, 5 % tolerance of contrast prompts. */
    public static final Gate DEFAULT = new Gate(0.01, 0.5, 32);

    /** A gate with the default tolerance of contrast prompts. */
    public Gate(double tolerance, double klBudget, int tokens) {
      this(tolerance, klBudget, tokens, 0.05);
    }

    /** Checks the ranges. */
    public Gate {
      require(tolerance >= 0 && tolerance <= 1, "tolerance must be in [0, 1], was %s", tolerance);
      require(
          contrastTolerance >= 0 && contrastTolerance <= 1,
          "contrastTolerance must be in [0, 1], was %s",
          contrastTolerance);
      require(klBudget > 0, "klBudget must be > 0, was %s", klBudget);
      require(tokens >= 1, "tokens must be >= 1, was %s", tokens);
    }
  }

  /**
   * Where tuning moves the target layer's activation of a prompt: t = a + s R, with a step s that
   * depends on the form (ACTOR, arXiv 2507.04250, section 3.2). The target is a constant of the
   * loss: no gradient flows through it.
   */
  public enum Target {
    /**
     * The paper's Algorithm 1: t = a -/+ alpha p, with p = (R.a / |R|^2) R; minus for safe prompts.
     *
     * <p>The projection is measured from the origin, so that a safe prompt with R.a &lt; 0 is moved
     * toward refusal and a harmful one away from it.
     */
    PUBLISHED(0) {
      @Override
      double step(RefusalAxis axis, double[] activation, double alpha, PromptClass promptClass) {
        double projection = axis.projection(activation);
        return promptClass.safe() ? -alpha * projection : alpha * projection;
      }
    },

    /**
     * The projection measured from the benign mean, and only for prompts on the wrong side of their
     * class mean: t = a - alpha max(0, u) R for safe prompts, t = a - alpha min(0, u - 1) R for
     * harmful ones. Its fixed points are the class means, which makes the shift just enough.
     */
    CENTRED(1) {
      @Override
      double step(RefusalAxis axis, double[] activation, double alpha, PromptClass promptClass) {
        double u = axis.u(activation);
        return promptClass.safe() ? -alpha * Math.max(0, u) : -alpha * Math.min(0, u - 1);
      }
    },

    /**
     * The same shift for every prompt of a class: t = a -/+ alpha R. A negative control: it ruins
     * the text and must not be used otherwise.
     */
    UNIFORM(2) {
      @Override
      double step(RefusalAxis axis, double[] activation, double alpha, PromptClass promptClass) {
        return promptClass.safe() ? -alpha : alpha;
      }
    };

    /** The form's number in actor.torchscript. */
    final int code;

    Target(int code) {
      this.code = code;
    }

    /** s of t = a + s R. */
    abstract double step(
        RefusalAxis axis, double[] activation, double alpha, PromptClass promptClass);

    /**
     * The target t [D] of one activation, a new array (float64).
     *
     * @param activation a [D], the residual stream at the last prompt token
     * @param alpha the projection multiplier, finite and not negative
     */
    double[] of(RefusalAxis axis, double[] activation, double alpha, PromptClass promptClass) {
      require(alpha >= 0 && alpha < Double.POSITIVE_INFINITY, "alpha must be >= 0, was %s", alpha);
      return axis.moved(activation, step(axis, activation, alpha, promptClass));
    }
  }

  /** Checks the ranges. */
  public ActorSettings {
    require(alpha > 0 && alpha < Double.POSITIVE_INFINITY, "alpha must be > 0, was %s", alpha);
    require(refreshEvery >= 0, "refreshEvery must be >= 0, was %s", refreshEvery);
    require(anchors >= 2, "anchors must be >= 2, was %s", anchors);
    require(cacheBytes >= 0, "cacheBytes must be >= 0, was %s", cacheBytes);
    require(
        gate == null || refreshEvery > 0, "the gate measures at each refresh: refreshEvery is 0");
  }

  /** Returns a builder with the defaults: the paper's where it states them and they hold up. */
  public static Builder<ActorSettings> builder() {
    return new Builder<>(settings -> settings);
  }

  /** The training settings of the loop: with a gate, it is evaluated at each refresh. */
  TrainingSettings loop() {
    return gate == null ? training : training.with(t -> t.evaluateEvery(refreshEvery));
  }

  /** Settings that the result depends on, for provenance. */
  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("target", target.name());
    map.put("alpha", alpha);
    map.putAll(loop().toMap());
    map.put("refresh_every", refreshEvery);
    map.put(
        "class_weights",
        List.of(weights.harmful(), weights.benign(), weights.pseudoHarmful(), weights.contrast()));
    map.put("anchors", anchors);
    if (gate != null) {
      map.put(
          "gate",
          List.of(gate.tolerance(), gate.klBudget(), gate.tokens(), gate.contrastTolerance()));
    }
    return map;
  }

  /**
   * Collects settings. Not thread-safe.
   *
   * @param <T> the type that is built: the settings, or a tuner with them
   */
  public static final class Builder<T> {
    private final Function<ActorSettings, T> finish;
    private @Nullable Layer layer;
    private Target target = Target.CENTRED;
    private double alpha = 0.3;
    private TrainingSettings training =
        TrainingSettings.builder().epochs(5).batchSize(8).learningRate(5e-5).build();
    private int refreshEvery = 25;
    private ClassWeights weights = new ClassWeights(1, 1, 2, 2);
    private int anchors = 64;
    private @Nullable Gate gate = Gate.DEFAULT;
    private boolean cachePrefix = true;
    private long cacheBytes = 1L << 30;
    private RefusalJudge judge = new StringRefusalJudge();

    Builder(Function<ActorSettings, T> finish) {
      this.finish = finish;
    }

    /**
     * The paper's form and settings: PUBLISHED target, alpha 0.0015, learning rate 1e-5, 3 epochs,
     * batch 1, a refresh every 50 steps.
     */
    public Builder<T> published() {
      target = Target.PUBLISHED;
      alpha = 0.0015;
      refreshEvery = 50;
      weights = new ClassWeights(1, 1, 1, 1);
      return training(t -> t.learningRate(1e-5).epochs(3).batchSize(1));
    }

    /** The layer whose block is tuned; by default the best layer is chosen. */
    public Builder<T> layer(Layer value) {
      layer = value;
      return this;
    }

    /** The form of the target; CENTRED by default. */
    public Builder<T> target(Target value) {
      target = value;
      return this;
    }

    /** The projection multiplier; 0.3 by default. */
    public Builder<T> alpha(double value) {
      alpha = value;
      return this;
    }

    /** The training; 5 epochs in batches of 8 at a learning rate of 5e-5 by default. */
    public Builder<T> training(TrainingSettings settings) {
      training = settings;
      return this;
    }

    /**
     * Changes some of the training settings. With a checkpoint folder, a cancelled or killed tuning
     * resumes when started again with the same model, data and settings, and ends with the same
     * block, bit for bit; a finished one returns its result again.
     */
    public Builder<T> training(UnaryOperator<TrainingSettings.Builder> change) {
      return training(training.with(change));
    }

    /** Seed of everything random; 0 by default. */
    public Builder<T> seed(long value) {
      return training(t -> t.seed(value));
    }

    /**
     * Steps between refreshes of the direction and gate measurements; 25 by default, 0 for never.
     */
    public Builder<T> refreshEvery(int value) {
      refreshEvery = value;
      return this;
    }

    /** Relative total weights of the classes; 1, 1, 2 and 2 by default. */
    public Builder<T> classWeights(
        double harmful, double benign, double pseudoHarmful, double contrast) {
      weights = new ClassWeights(harmful, benign, pseudoHarmful, contrast);
      return this;
    }

    /** The same, with contrast prompts weighing as much as pseudo-harmful ones. */
    public Builder<T> classWeights(double harmful, double benign, double pseudoHarmful) {
      return classWeights(harmful, benign, pseudoHarmful, pseudoHarmful);
    }

    /** Prompts of each class that define the direction; 64 by default. */
    public Builder<T> anchors(int value) {
      anchors = value;
      return this;
    }

    /** The safety gate's conditions. */
    public Builder<T> gate(Gate value) {
      gate = value;
      return this;
    }

    /**
     * Disables the safety gate: the last state is kept, whatever its effect. For experiments only.
     */
    public Builder<T> noGate() {
      gate = null;
      return this;
    }

    /** Whether the blocks below are run once and their output is cached; true by default. */
    public Builder<T> cachePrefix(boolean value) {
      cachePrefix = value;
      return this;
    }

    /** Bytes of the prefix cache kept in memory; 1 GiB by default. */
    public Builder<T> cacheBytes(long value) {
      cacheBytes = value;
      return this;
    }

    /** The judge of the gate's responses; by default one that matches refusal phrases. */
    public Builder<T> judge(RefusalJudge value) {
      judge = value;
      return this;
    }

    /**
     * Builds the settings or the tuner.
     *
     * @throws IllegalArgumentException if a setting is out of its range
     */
    public T build() {
      return finish.apply(
          new ActorSettings(
              layer,
              target,
              alpha,
              training,
              refreshEvery,
              weights,
              anchors,
              gate,
              cachePrefix,
              cacheBytes,
              judge));
    }
  }
}
