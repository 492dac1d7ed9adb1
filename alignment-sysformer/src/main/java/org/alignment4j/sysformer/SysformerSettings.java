package org.alignment4j.sysformer;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.train.TrainingSettings.Schedule;
import org.jspecify.annotations.Nullable;

/**
 * Settings of {@link SysformerTuner}. Immutable.
 *
 * @param systemText the system prompt that is adapted
 * @param layers number of layers L; 0 for the SystemEmbedder, which learns one system prompt for
 *     all requests
 * @param inner width of its attention; 0 for the model's width
 * @param weights of the losses
 * @param refusal the target response to harmful prompts
 * @param affirmation the target response to the others, or null for the frozen model's own response
 *     under the plain system prompt (self-compliance)
 * @param opening prefix of the model's own response where it otherwise refuses; null to leave such
 *     prompts out
 * @param replyTokens maximum number of tokens of the model's own response
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

  /** The default prefix of a response where the model otherwise refuses. */
  public static final String OPENING = "Sure, here is";

  /** The paper's refusal. */
  public static final String REFUSAL = "I am sorry I cannot help you";

  /**
   * Weights of the four losses (section 3 of the paper), each 0 or more. Refusal and compliance are
   * means over their own class of prompts, so that the number of prompts of each class does not
   * matter.
   *
   * @param refusal weight of refusing harmful prompts, 1 in the paper
   * @param compliance weight of answering the others, 0 to 1; with 0 the guard learns to refuse
   *     everything
   * @param classification weight of classifying the two by the model's last hidden state, 0 or 1
   * @param reconstruction weight of keeping the system prompt's embeddings, 0 or 1
   */
  public record LossWeights(
      double refusal, double compliance, double classification, double reconstruction) {
    /** Refusal and compliance with equal weights, no other loss. */
    public static final LossWeights DEFAULT = new LossWeights(1, 1, 0, 0);

    /**
     * @throws IllegalArgumentException if a weight is negative or not finite, or refusal,
     *     compliance and classification are all 0
     */
    public LossWeights {
      for (double w : new double[] {refusal, compliance, classification, reconstruction}) {
        require(w >= 0 && Double.isFinite(w), "a loss's weight must be 0 or more, was %s", w);
      }
      require(
          refusal + compliance + classification > 0, "nothing to learn: all losses have weight 0");
    }

    /** Returns weights of single requests, such that the mean over all requests is the loss. */
    LossWeights perRequest(long harmful, long harmless) {
      double all = harmful + harmless;
      return new LossWeights(
          refusal * all / harmful, compliance * all / harmless, classification, reconstruction);
    }

    double[] toArray() {
      return new double[] {refusal, compliance, classification, reconstruction};
    }
  }

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
  public static Builder<SysformerSettings> builder() {
    return new Builder<>(settings -> settings);
  }

  /** Returns a builder with these settings. */
  public Builder<SysformerSettings> toBuilder() {
    return builder()
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

  /** Returns the settings that a result depends on, by name. */
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

  /**
   * Collects settings. Not thread-safe.
   *
   * @param <T> the type that is built: the settings, or a tuner with them
   */
  public static final class Builder<T> {
    private final Function<SysformerSettings, T> finish;
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

    Builder(Function<SysformerSettings, T> finish) {
      this.finish = finish;
    }

    /** The system prompt that is adapted. */
    public Builder<T> systemText(String text) {
      this.systemText = text;
      return this;
    }

    /** Number of layers L, 2 in the paper; 0 for the SystemEmbedder. */
    public Builder<T> layers(int number) {
      this.layers = number;
      return this;
    }

    /**
     * Width of queries, keys and values, less than the model's for a bottleneck; 0 for the model's
     * width.
     */
    public Builder<T> inner(int width) {
      this.inner = width;
      return this;
    }

    /** Weights of the losses. */
    public Builder<T> weights(LossWeights values) {
      this.weights = values;
      return this;
    }

    /** The target response to harmful prompts. */
    public Builder<T> refusal(String text) {
      this.refusal = text;
      return this;
    }

    /** The target response to the others; null for the model's own responses. */
    public Builder<T> affirmation(@Nullable String text) {
      this.affirmation = text;
      return this;
    }

    /**
     * Prefix of the model's own response where it otherwise refuses a harmless prompt; null to
     * leave such prompts out. These prompts are the ones to learn from: a copied refusal would be
     * kept.
     */
    public Builder<T> opening(@Nullable String text) {
      this.opening = text;
      return this;
    }

    /** Maximum number of tokens of the model's own responses. */
    public Builder<T> replyTokens(int max) {
      this.replyTokens = max;
      return this;
    }

    /** Steps, learning rate, batches, seed. */
    public Builder<T> training(TrainingSettings settings) {
      this.training = settings;
      return this;
    }

    /** Changes some settings of the training. */
    public Builder<T> training(UnaryOperator<TrainingSettings.Builder> change) {
      return training(training.with(change));
    }

    /** Seed of everything random. */
    public Builder<T> seed(long value) {
      return training(t -> t.seed(value));
    }

    /**
     * Builds the settings or the tuner.
     *
     * @throws IllegalArgumentException if a value is out of range
     */
    public T build() {
      return finish.apply(
          new SysformerSettings(
              systemText,
              layers,
              inner,
              weights,
              refusal,
              affirmation,
              opening,
              replyTokens,
              training));
    }
  }
}
