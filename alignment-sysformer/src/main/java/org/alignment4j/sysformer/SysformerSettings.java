package org.alignment4j.sysformer;

import static org.alignment4j.core.Arguments.require;

import java.util.LinkedHashMap;
import java.util.Map;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.train.TrainingSettings.Schedule;
import org.jspecify.annotations.Nullable;

/**
 * How a Sysformer is trained.
 *
 * @param systemText the system prompt that is adapted
 * @param layers L; 0 for the SystemEmbedder, which learns one system prompt for all requests
 * @param inner width of its attentions; 0 for the model's own
 * @param weights of the losses
 * @param refusal what harmful prompts are to be answered with
 * @param affirmation what the others are to be answered with, or null for what the frozen model
 *     itself answers under the plain system prompt (self-compliance)
 * @param opening how the model's own answer is begun where by itself it refuses; null to leave such
 *     prompts out
 * @param replyTokens most tokens of such an answer of its own
 * @param training steps, learning rate, batches, seed
 */
public record SysformerSettings(
    String systemText,
    int layers,
    int inner,
    LossWeights weights,
    String refusal,
    @Nullable String affirmation,
    @Nullable String opening,
    int replyTokens,
    TrainingSettings training) {
  /** A plain system prompt. */
  public static final String SYSTEM_TEXT = "You are a helpful assistant.";

  /** Begins an answer where the model by itself refuses. */
  public static final String OPENING = "Sure, here is";

  /** The paper's refusal. */
  public static final String REFUSAL = "I am sorry I cannot help you";

  /**
   * @throws IllegalArgumentException if a value is out of range
   */
  public SysformerSettings {
    require(!systemText.isBlank(), "the system prompt is empty");
    require(layers >= 0, "layers must be 0 or more, were %s", layers);
    require(inner >= 0, "the inner width must be 0 or more, was %s", inner);
    require(!refusal.isBlank(), "the refusal is empty");
    require(affirmation == null || !affirmation.isBlank(), "the affirmation is empty");
    require(opening == null || !opening.isBlank(), "the opening is empty");
    require(replyTokens >= 1, "replyTokens must be 1 or more, was %s", replyTokens);
  }

  /**
   * Two layers of the model's width, refusal and self-compliance, ten epochs in batches of 8 at a
   * learning rate of 1e-4 (section 4 of the paper).
   */
  public static Builder builder() {
    return new Builder();
  }

  /** A builder that begins with these settings. */
  public Builder toBuilder() {
    return new Builder()
        .systemText(systemText)
        .layers(layers)
        .inner(inner)
        .weights(weights)
        .refusal(refusal)
        .affirmation(affirmation)
        .opening(opening)
        .replyTokens(replyTokens)
        .training(training);
  }

  /** What a result depends on, by name. */
  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("system_text", systemText);
    map.put("layers", layers);
    map.put("inner", inner);
    map.put("w_ref", weights.refusal());
    map.put("w_compl", weights.compliance());
    map.put("w_class", weights.classification());
    map.put("w_recon", weights.reconstruction());
    map.put("refusal", refusal);
    map.put("affirmation", affirmation == null ? "self" : affirmation);
    map.put("opening", opening == null ? "none" : opening);
    map.put("reply_tokens", replyTokens);
    map.putAll(training.toMap());
    return map;
  }

  /** Collects settings. Not thread-safe. */
  public static final class Builder {
    private String systemText = SYSTEM_TEXT;
    private int layers = 2;
    private int inner;
    private LossWeights weights = LossWeights.DEFAULT;
    private String refusal = REFUSAL;
    private @Nullable String affirmation;
    private @Nullable String opening = OPENING;
    private int replyTokens = 64;
    private TrainingSettings training =
        TrainingSettings.builder()
            .epochs(10)
            .batchSize(8)
            .microBatchTokens(2048)
            .learningRate(1e-4)
            .schedule(Schedule.cosine().withWarmupRatio(0.1))
            .maxGradientNorm(1)
            .build();

    private Builder() {}

    /** The system prompt that is adapted. */
    public Builder systemText(String text) {
      this.systemText = text;
      return this;
    }

    /** L, 2 in the paper; 0 for the SystemEmbedder. */
    public Builder layers(int number) {
      this.layers = number;
      return this;
    }

    /** Width of queries, keys and values, less than the model's for a bottleneck; 0 for its own. */
    public Builder inner(int width) {
      this.inner = width;
      return this;
    }

    /** Weights of the losses. */
    public Builder weights(LossWeights values) {
      this.weights = values;
      return this;
    }

    /** What harmful prompts are to be answered with. */
    public Builder refusal(String text) {
      this.refusal = text;
      return this;
    }

    /** What the others are to be answered with; null for the model's own answers. */
    public Builder affirmation(@Nullable String text) {
      this.affirmation = text;
      return this;
    }

    /**
     * How the model's own answer is begun where by itself it refuses a harmless prompt; null to
     * leave such prompts out. They are the ones to learn from: to copy a refusal is to keep it.
     */
    public Builder opening(@Nullable String text) {
      this.opening = text;
      return this;
    }

    /** Most tokens of the model's own answers. */
    public Builder replyTokens(int most) {
      this.replyTokens = most;
      return this;
    }

    /** Steps, learning rate, batches, seed. */
    public Builder training(TrainingSettings settings) {
      this.training = settings;
      return this;
    }

    /**
     * The settings.
     *
     * @throws IllegalArgumentException if a value is out of range
     */
    public SysformerSettings build() {
      return new SysformerSettings(
          systemText, layers, inner, weights, refusal, affirmation, opening, replyTokens, training);
    }
  }
}
