package org.alignment4j.actor;

import static org.alignment4j.core.Arguments.require;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.alignment4j.core.Layer;
import org.alignment4j.tensor.AdamW;
import org.jspecify.annotations.Nullable;

/**
 * Settings of {@link ActorTuner}. Made with {@link ActorTuner#builder()}.
 *
 * @param layer the layer whose block is tuned; null to choose one
 * @param target how far and where to a prompt's activation is moved
 * @param alpha the projection multiplier, greater than 0
 * @param learningRate AdamW's, greater than 0
 * @param epochs passes over the prompts, 1 or more
 * @param batchSize prompts per step, 1 or more
 * @param refreshEvery steps after which the direction is computed anew with the block's weights as
 *     they are (K in the paper) and the safety gate measures; 0 for never
 * @param weights total weight of the classes relative to each other
 * @param optimizer AdamW's settings
 * @param anchors prompts of each class that define the direction, 2 or more
 * @param gate the safety gate; null for none, which is for measurements only
 * @param cachePrefix whether the blocks below are run once and remembered; without it they are run
 *     at each step
 * @param cacheBytes bytes of the prefix cache kept in memory, beyond that it is a mapped file
 * @param seed of everything random
 * @param checkpointFolder where the training's checkpoint lies, from which a cancelled or killed
 *     tuning goes on; null for none
 * @param checkpointEvery steps between checkpoints; 0 for one when cancelled and one at the end
 */
public record ActorSettings(
    @Nullable Layer layer,
    ActorTarget target,
    double alpha,
    double learningRate,
    int epochs,
    int batchSize,
    int refreshEvery,
    ClassWeights weights,
    AdamW.Settings optimizer,
    int anchors,
    @Nullable Gate gate,
    boolean cachePrefix,
    long cacheBytes,
    long seed,
    @Nullable Path checkpointFolder,
    int checkpointEvery) {

  /**
   * Relative total weight of the classes, whatever their number of prompts; not all 0.
   *
   * @param harmful of Q-
   * @param benign of Q+
   * @param pseudoHarmful of Q_PH
   */
  public record ClassWeights(double harmful, double benign, double pseudoHarmful) {
    /** Checks that all are finite, none is negative and one is positive. */
    public ClassWeights {
      double sum = harmful + benign + pseudoHarmful;
      require(
          harmful >= 0 && benign >= 0 && pseudoHarmful >= 0 && sum > 0 && Double.isFinite(sum),
          "class weights must be >= 0, and one of them more: %s, %s, %s",
          harmful,
          benign,
          pseudoHarmful);
    }

    double of(PromptClass promptClass) {
      return switch (promptClass) {
        case HARMFUL -> harmful;
        case BENIGN -> benign;
        case PSEUDO_HARMFUL -> pseudoHarmful;
      };
    }
  }

  /**
   * The conditions under which a tuned block that lowers over-refusal may be kept: of those that
   * meet them, the one with the lowest over-refusal is.
   *
   * @param tolerance share of the held-out harmful prompts that may be refused less than before, at
   *     least one prompt; 0 to 1
   * @param klBudget highest mean KL(base || tuned) of the first answer token on benign prompts,
   *     nats
   * @param tokens answer tokens that are generated and judged
   */
  public record Gate(double tolerance, double klBudget, int tokens) {
    /** 1 % tolerance, 0.5 nats, 32 tokens. */
    public static final Gate DEFAULT = new Gate(0.01, 0.5, 32);

    /** Checks the ranges. */
    public Gate {
      require(tolerance >= 0 && tolerance <= 1, "tolerance must be in [0, 1], was %s", tolerance);
      require(klBudget > 0, "klBudget must be > 0, was %s", klBudget);
      require(tokens >= 1, "tokens must be >= 1, was %s", tokens);
    }
  }

  /** Checks the ranges. */
  public ActorSettings {
    require(alpha > 0 && alpha < Double.POSITIVE_INFINITY, "alpha must be > 0, was %s", alpha);
    require(
        learningRate > 0 && learningRate < Double.POSITIVE_INFINITY,
        "learningRate must be > 0, was %s",
        learningRate);
    require(epochs >= 1, "epochs must be >= 1, was %s", epochs);
    require(batchSize >= 1, "batchSize must be >= 1, was %s", batchSize);
    require(refreshEvery >= 0, "refreshEvery must be >= 0, was %s", refreshEvery);
    require(anchors >= 2, "anchors must be >= 2, was %s", anchors);
    require(cacheBytes >= 0, "cacheBytes must be >= 0, was %s", cacheBytes);
    require(checkpointEvery >= 0, "checkpointEvery must be >= 0, was %s", checkpointEvery);
    require(
        gate == null || refreshEvery > 0, "the gate measures at each refresh: refreshEvery is 0");
  }

  /** What the result depends on, for provenance. */
  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("target", target.name());
    map.put("alpha", alpha);
    map.put("learning_rate", learningRate);
    map.put("epochs", epochs);
    map.put("batch_size", batchSize);
    map.put("refresh_every", refreshEvery);
    map.put(
        "class_weights",
        java.util.List.of(weights.harmful(), weights.benign(), weights.pseudoHarmful()));
    map.put(
        "adamw",
        java.util.List.of(
            optimizer.beta1(), optimizer.beta2(), optimizer.eps(), optimizer.weightDecay()));
    map.put("anchors", anchors);
    if (gate != null) {
      map.put("gate", java.util.List.of(gate.tolerance(), gate.klBudget(), gate.tokens()));
    }
    return map;
  }
}
