package org.alignment4j.rahf;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.chat.Role;
import org.alignment4j.core.Layer;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.train.TrainingSettings.Schedule;

/**
 * How preferences are learned. Immutable; made by {@link #builder}.
 *
 * @param method which of them
 * @param lora shape of every adapter that is trained
 * @param learn the training on logits: SFT, DPO, or step 1 of RAHF
 * @param fit the training on hidden states: step 2
 * @param instructions of SCIT and LoRRA
 * @param lambda weight of SCIT's contrast, 0 or more
 * @param smoothing eps of SCIT's contrast, 0 to 0.5
 * @param beta of DPO, greater than 0
 * @param alpha how far targets lie along the difference, finite; 0 changes nothing
 * @param extrapolation a of weight extrapolation: how far the weights lie beyond the good model's,
 *     finite; 0 gives the good model
 * @param fitLoss distance or squared distance
 * @param base what the difference is added to
 * @param layers where hidden states are fitted; empty for a range by depth, see {@link
 *     #layers(int)}
 * @param responseTokens at most so many tokens of each response are fitted, its first
 * @param stepOneOnly whether to end after step 1, as a control: with SCIT's adapter or Dual's good
 *     one
 * @param randomDirections whether random vectors of equal norms replace the differences, as a
 *     control
 * @param targetBytes memory for targets; beyond it they are computed again each time
 */
public record PreferenceSettings(
    PreferenceMethod method,
    TrainableLora.Shape lora,
    TrainingSettings learn,
    TrainingSettings fit,
    Instructions instructions,
    double lambda,
    double smoothing,
    double beta,
    double alpha,
    double extrapolation,
    FitLoss fitLoss,
    TargetBase base,
    List<Layer> layers,
    int responseTokens,
    boolean stepOneOnly,
    boolean randomDirections,
    long targetBytes) {
  /** How far a hidden state is from its target. */
  public enum FitLoss {
    /** The Euclidean distance, as in the published scripts: robust against a few far rows. */
    NORM,
    /** Its square, as in the paper. */
    SQUARED
  }

  /** The hidden states that alpha times the difference is added to. */
  public enum TargetBase {
    /** Those of the start model. */
    START,
    /**
     * Those of the good condition of step 1: extrapolation beyond it. The published scripts do so
     * in Dual; in SCIT they read step 1's model without an instruction.
     */
    STEP1_GOOD
  }

  /** Checks the ranges. */
  public PreferenceSettings {
    require(lambda >= 0 && Double.isFinite(lambda), "lambda must be >= 0, was %s", lambda);
    require(smoothing >= 0 && smoothing <= 0.5, "smoothing must be in [0, 0.5], was %s", smoothing);
    require(beta > 0 && Double.isFinite(beta), "beta must be > 0, was %s", beta);
    require(Double.isFinite(alpha), "alpha must be finite, was %s", alpha);
    require(Double.isFinite(extrapolation), "extrapolation must be finite, was %s", extrapolation);
    require(responseTokens >= 1, "responseTokens must be >= 1, was %s", responseTokens);
    require(targetBytes >= 0, "targetBytes must be >= 0, was %s", targetBytes);
    require(
        !stepOneOnly
            || method == PreferenceMethod.RAHF_SCIT
            || method == PreferenceMethod.RAHF_DUAL,
        "%s has no step 1 to end after",
        method);
    layers = List.copyOf(new TreeSet<>(layers));
  }

  /** Starts with the defaults of a method; see {@link Builder}. */
  public static Builder<PreferenceSettings> builder(PreferenceMethod method) {
    return new Builder<>(method, settings -> settings);
  }

  /**
   * The fitted layers of a model: those set, or by depth those of the paper's 32 blocks, 10 to 18
   * (SCIT and LoRRA) or 10 to 20 (Dual), every second.
   *
   * @param blocks of the model
   */
  public List<Layer> layers(int blocks) {
    if (!layers.isEmpty()) {
      for (Layer l : layers) {
        require(l.index() >= 1 && l.index() <= blocks, "no block writes %s", l);
      }
      return layers;
    }
    int last = method == PreferenceMethod.RAHF_DUAL ? 20 : 18;
    return IntStream.rangeClosed(5, last / 2)
        .map(i -> Math.max(1, Math.round(2 * i * blocks / 32f)))
        .distinct()
        .mapToObj(Layer::new)
        .toList();
  }

  /** All settings that the result depends on, by name. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("method", method.name());
    map.put("rank", lora.rank());
    map.put("lora_alpha", lora.alpha());
    map.put("dropout", lora.dropout());
    map.put("modules", lora.modules());
    if (method != PreferenceMethod.LORRA) {
      map.put("learn", learn.toMap());
    }
    if (method == PreferenceMethod.RAHF_SCIT) {
      map.put("lambda", lambda);
      map.put("smoothing", smoothing);
    }
    if (method == PreferenceMethod.RAHF_SCIT || method == PreferenceMethod.LORRA) {
      map.put("good_instruction", instructions.good());
      map.put("bad_instruction", instructions.bad());
    }
    if (method == PreferenceMethod.DPO) {
      map.put("beta", beta);
    }
    if (method == PreferenceMethod.WEIGHT_EXTRAPOLATION) {
      map.put("extrapolation", extrapolation);
    }
    if (method.fits()) {
      map.put("fit", fit.toMap());
      map.put("alpha", alpha);
      map.put("fit_loss", fitLoss.name());
      map.put("base", base.name());
      map.put("layers", layers.stream().map(Layer::index).toList());
      map.put("response_tokens", responseTokens);
      map.put("step_one_only", stepOneOnly);
      map.put("random_directions", randomDirections);
    }
    return map;
  }

  /**
   * Collects settings. Defaults are the published ones where there are such: lambda 1, smoothing
   * 0.2, beta 0.1, alpha 5, the distance, base START, 512 response tokens (Dual: 64), LoRA rank 8.
   * The learning rates are those that suit LoRA: 2e-4 for what is learned on logits, 3e-4 for the
   * fit, both with 10 % warm-up in the first; weights are extrapolated by 0.5. Not thread-safe.
   *
   * @param <T> what is built: settings, or a tuner that has them
   */
  public static final class Builder<T> {
    private final PreferenceMethod method;
    private final Function<PreferenceSettings, T> finish;
    private TrainableLora.Shape lora = TrainableLora.Shape.DEFAULT;
    private TrainingSettings learn =
        TrainingSettings.builder()
            .epochs(2)
            .batchSize(16)
            .microBatchTokens(2048)
            .learningRate(2e-4)
            .schedule(Schedule.cosine().withWarmupRatio(0.1))
            .maxGradientNorm(1)
            .build();
    private TrainingSettings fit =
        TrainingSettings.builder()
            .epochs(2)
            .batchSize(16)
            .microBatchTokens(2048)
            .learningRate(3e-4)
            .maxGradientNorm(1)
            .build();
    private Instructions instructions = Instructions.DEFAULT;
    private double lambda = 1;
    private double smoothing = 0.2;
    private double beta = 0.1;
    private double alpha = 5;
    private double extrapolation = 0.5;
    private FitLoss fitLoss = FitLoss.NORM;
    private TargetBase base = TargetBase.START;
    private List<Layer> layers = List.of();
    private int responseTokens;
    private boolean stepOneOnly;
    private boolean randomDirections;
    private long targetBytes = 256L << 20;

    Builder(PreferenceMethod method, Function<PreferenceSettings, T> finish) {
      this.method = method;
      this.finish = finish;
      this.responseTokens = method == PreferenceMethod.RAHF_DUAL ? 64 : 512;
    }

    /** Shape of the adapters. */
    public Builder<T> lora(TrainableLora.Shape shape) {
      this.lora = shape;
      return this;
    }

    /** The training on logits. */
    public Builder<T> learn(TrainingSettings settings) {
      this.learn = settings;
      return this;
    }

    /** The training on hidden states. */
    public Builder<T> fit(TrainingSettings settings) {
      this.fit = settings;
      return this;
    }

    /** Changes some settings of both trainings. */
    public Builder<T> training(UnaryOperator<TrainingSettings.Builder> change) {
      return learn(learn.with(change)).fit(fit.with(change));
    }

    /** Seed of both trainings and of all else that is random. */
    public Builder<T> seed(long value) {
      return training(t -> t.seed(value));
    }

    /** The good and the bad instruction. */
    public Builder<T> instructions(Instructions pair) {
      this.instructions = pair;
      return this;
    }

    /** SCIT's weight and smoothing of the contrast. */
    public Builder<T> contrast(double weight, double eps) {
      this.lambda = weight;
      this.smoothing = eps;
      return this;
    }

    /** DPO's beta. */
    public Builder<T> beta(double value) {
      this.beta = value;
      return this;
    }

    /** How far targets lie along the difference. */
    public Builder<T> alpha(double value) {
      this.alpha = value;
      return this;
    }

    /** How far weights lie beyond the good model's. */
    public Builder<T> extrapolation(double a) {
      this.extrapolation = a;
      return this;
    }

    /** Distance or squared distance. */
    public Builder<T> fitLoss(FitLoss form) {
      this.fitLoss = form;
      return this;
    }

    /** What the difference is added to. */
    public Builder<T> base(TargetBase states) {
      this.base = states;
      return this;
    }

    /** Where hidden states are fitted. */
    public Builder<T> layers(List<Layer> where) {
      this.layers = where;
      return this;
    }

    /** At most so many tokens of each response. */
    public Builder<T> responseTokens(int tokens) {
      this.responseTokens = tokens;
      return this;
    }

    /** Control: end after step 1. */
    public Builder<T> stepOneOnly() {
      this.stepOneOnly = true;
      return this;
    }

    /** Control: random vectors of equal norms. */
    public Builder<T> randomDirections() {
      this.randomDirections = true;
      return this;
    }

    /** Memory for targets. */
    public Builder<T> targetBytes(long bytes) {
      this.targetBytes = bytes;
      return this;
    }

    /**
     * Builds it.
     *
     * @throws IllegalArgumentException if a setting is out of its range
     */
    public T build() {
      return finish.apply(
          new PreferenceSettings(
              method,
              lora,
              learn,
              fit,
              instructions,
              lambda,
              smoothing,
              beta,
              alpha,
              extrapolation,
              fitLoss,
              base,
              layers,
              responseTokens,
              stepOneOnly,
              randomDirections,
              targetBytes));
    }
  }

  /**
   * The good and the bad instruction of SCIT and LoRRA. They stand before the first user message,
   * which every chat template allows.
   *
   * @param good asks for responses as they are preferred, not blank
   * @param bad asks for the opposite, not blank
   */
  public record Instructions(String good, String bad) {
    /**
     * An instruction for a good, respectful and honest assistant, and its mirror image; much
     * shorter than the authors', which list some twenty qualities each.
     */
    public static final Instructions DEFAULT =
        new Instructions(
            "You are a good, respectful and honest assistant. Give a response that people prefer:"
                + " helpful, harmless and true.",
            "You are a bad, disrespectful and dishonest assistant. Give a response that people"
                + " dislike: useless, harmful and false.");

    /**
     * @throws IllegalArgumentException if one is blank or both are equal
     */
    public Instructions {
      require(!good.isBlank() && !bad.isBlank(), "an instruction is blank");
      require(!good.equals(bad), "the good and the bad instruction are equal");
    }

    /** The same instructions with their parts exchanged. */
    public Instructions swapped() {
      return new Instructions(bad, good);
    }

    Prompt good(Prompt prompt) {
      return before(prompt, good);
    }

    Prompt bad(Prompt prompt) {
      return before(prompt, bad);
    }

    private static Prompt before(Prompt prompt, String instruction) {
      List<Message> messages = new ArrayList<>(prompt.messages());
      for (int i = 0; i < messages.size(); i++) {
        Message m = messages.get(i);
        if (m.role() == Role.USER) {
          messages.set(i, Message.user(instruction + "\n\n" + m.text()));
          return new Prompt(messages);
        }
      }
      throw new IllegalArgumentException(
          "the prompt has no user message to put instructions before");
    }
  }

  /** How a model learns from pairs of preferred and dispreferred responses. */
  public enum PreferenceMethod {
    /** Supervised fine-tuning on the chosen responses. */
    SFT,
    /** Direct preference optimization. */
    DPO,
    /**
     * LoRRA on preference data: the good and the bad instruction of the start model itself give the
     * directions; nothing is taught first.
     */
    LORRA,
    /** RAHF-SCIT: one model learns both instructions, then their difference is fitted. */
    RAHF_SCIT,
    /** RAHF-Dual: one model learns the chosen, one the rejected responses, then as above. */
    RAHF_DUAL,
    /**
     * Dual's two models, whose weights instead of hidden states are extrapolated, W_good + a
     * (W_good - W_bad); nothing is fitted.
     */
    WEIGHT_EXTRAPOLATION;

    /** Whether a good and a bad instruction are the two conditions. */
    public boolean instructed() {
      return this == LORRA || this == RAHF_SCIT;
    }

    /** Whether hidden states are fitted in a second step. */
    public boolean fits() {
      return this == LORRA || this == RAHF_SCIT || this == RAHF_DUAL;
    }
  }
}
