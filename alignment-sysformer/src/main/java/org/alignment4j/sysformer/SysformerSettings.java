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
   * Weights of the four losses (section 3 of the paper), each 0 or more. Refusal and compliance are
   * means over their own kind of prompts, so that it does not matter how many there are of each.
   *
   * @param refusal of refusing harmful prompts, 1 in the paper
   * @param compliance of answering the others, 0 to 1; with 0 the guard learns to refuse everything
   * @param classification of telling the two apart by the model's last state, 0 or 1
   * @param reconstruction of keeping the system prompt's embeddings, 0 or 1
   */
  public record LossWeights(
      double refusal, double compliance, double classification, double reconstruction) {
    /** Refusal and compliance alike, no other loss. */
    public static final LossWeights DEFAULT = new LossWeights(1, 1, 0, 0);

    /**
     * @throws IllegalArgumentException if a weight is negative or no number, or all are 0
     */
    public LossWeights {
      for (double w : new double[] {refusal, compliance, classification, reconstruction}) {
        require(w >= 0 && Double.isFinite(w), "a loss's weight must be 0 or more, was %s", w);
      }
      require(
          refusal + compliance + classification > 0, "nothing to learn: all losses have weight 0");
    }

    /** Weights of single requests of which the mean over all is wanted. */
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

  /** A builder that begins with these settings. */
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

  /**
   * Collects settings. Not thread-safe.
   *
   * @param <T> what is built: settings, or a tuner that has them
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

    /** L, 2 in the paper; 0 for the SystemEmbedder. */
    public Builder<T> layers(int number) {
      this.layers = number;
      return this;
    }

    /** Width of queries, keys and values, less than the model's for a bottleneck; 0 for its own. */
    public Builder<T> inner(int width) {
      this.inner = width;
      return this;
    }

    /** Weights of the losses. */
    public Builder<T> weights(LossWeights values) {
      this.weights = values;
      return this;
    }

    /** What harmful prompts are to be answered with. */
    public Builder<T> refusal(String text) {
      this.refusal = text;
      return this;
    }

    /** What the others are to be answered with; null for the model's own answers. */
    public Builder<T> affirmation(@Nullable String text) {
      this.affirmation = text;
      return this;
    }

    /**
     * How the model's own answer is begun where by itself it refuses a harmless prompt; null to
     * leave such prompts out. They are the ones to learn from: to copy a refusal is to keep it.
     */
    public Builder<T> opening(@Nullable String text) {
      this.opening = text;
      return this;
    }

    /** Most tokens of the model's own answers. */
    public Builder<T> replyTokens(int most) {
      this.replyTokens = most;
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

    /** Seed of all that is random. */
    public Builder<T> seed(long value) {
      return training(t -> t.seed(value));
    }

    /**
     * Builds it.
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
