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
 * Settings of {@link PreferenceTuner}. Immutable; made by {@link #builder}.
 *
 * @param method the method
 * @param lora shape of every adapter that is trained
 * @param learn the training on logits: SFT, DPO, or step 1 of RAHF
 * @param fit the training on hidden states: step 2, or circuit breakers
 * @param instructions the good and the bad one, of SCIT, LoRRA and HIR
 * @param lambda weight of SCIT's contrast, 0 or more
 * @param smoothing eps of SCIT's contrast, 0 to 0.5
 * @param beta DPO's beta, greater than 0
 * @param alpha multiple of the difference that is added to get the targets, finite; 0 changes
 *     nothing. For circuit breakers the coefficient that both losses share, above 0
 * @param extrapolation factor a of weight extrapolation, W_good + a (W_good - W_bad), finite; 0
 *     yields the good model
 * @param fitLoss distance or squared distance
 * @param base hidden states that the difference is added to
 * @param responses responses whose hidden states are fitted
 * @param fromStepOne whether the fit starts from step 1's model, whose adapter the result then
 *     contains
 * @param layers layers at which hidden states are fitted, or for circuit breakers lose their
 *     direction; empty for a choice by relative depth, see {@link #layers(int)}
 * @param responseTokens maximum number of tokens of each response whose hidden states are read,
 *     from its start
 * @param promptTokens whether circuit breakers read the hidden states of prompts, too
 * @param stepOneOnly whether to end after step 1, as a control: with SCIT's adapter or Dual's good
 *     one
 * @param randomDirections whether random vectors of equal norms replace the differences, as a
 *     control
 * @param targetBytes bytes of memory for targets; beyond it they are recomputed each time
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
    FittedResponses responses,
    boolean fromStepOne,
    List<Layer> layers,
    int responseTokens,
    boolean promptTokens,
    boolean stepOneOnly,
    boolean randomDirections,
    long targetBytes) {
  /** Loss of a hidden state against its target. */
  public enum FitLoss {
    /** The Euclidean distance, as in the published scripts: robust to outliers. */
    NORM,
    /** Its square, as in the paper. */
    SQUARED
  }

  /** Hidden states that alpha times the difference is added to. */
  public enum TargetBase {
    /** Hidden states of the start model. */
    START,
    /**
     * Hidden states of step 1's good condition, which extrapolates beyond it, as the published
     * scripts do in Dual.
     */
    STEP1_GOOD,
    /**
     * Hidden states of step 1's model without an instruction, as the published scripts do in SCIT.
     * In Dual these are those of the good model, in LoRRA those of the start model.
     */
    STEP1
  }

  /** Responses of a pair whose hidden states are fitted. */
  public enum FittedResponses {
    /** The chosen one. */
    CHOSEN,
    /** The rejected one. */
    REJECTED,
    /** Both, as the published scripts do in Dual. */
    BOTH,
    /** One of the two at random, drawn once by the fit's seed, as the scripts do in SCIT. */
    RANDOM
  }

  /** Checks the ranges. */
  public PreferenceSettings {
    require(lambda >= 0 && Double.isFinite(lambda), "lambda must be >= 0, was %s", lambda);
    require(smoothing >= 0 && smoothing <= 0.5, "smoothing must be in [0, 0.5], was %s", smoothing);
    require(beta > 0 && Double.isFinite(beta), "beta must be > 0, was %s", beta);
    require(Double.isFinite(alpha), "alpha must be finite, was %s", alpha);
    require(
        alpha > 0 || method != PreferenceMethod.CIRCUIT_BREAKERS,
        "alpha must be > 0, was %s",
        alpha);
    require(Double.isFinite(extrapolation), "extrapolation must be finite, was %s", extrapolation);
    require(responseTokens >= 1, "responseTokens must be >= 1, was %s", responseTokens);
    require(targetBytes >= 0, "targetBytes must be >= 0, was %s", targetBytes);
    require(
        !stepOneOnly
            || method == PreferenceMethod.RAHF_SCIT
            || method == PreferenceMethod.RAHF_DUAL,
        "%s has no step 1 to end after",
        method);
    require(
        !fromStepOne
            || method == PreferenceMethod.RAHF_SCIT
            || method == PreferenceMethod.RAHF_DUAL,
        "%s has no step 1 to start from",
        method);
    layers = List.copyOf(new TreeSet<>(layers));
  }

  /** Returns a builder with the defaults of a method; see {@link Builder}. */
  public static Builder<PreferenceSettings> builder(PreferenceMethod method) {
    return new Builder<>(method, settings -> settings);
  }

  /**
   * Returns the layers of a model: those set, or every second layer at the relative depths of the
   * paper's layers 10 to 18 (SCIT and LoRRA) or 10 to 20 (Dual) of 32, or for circuit breakers
   * those at the depths of 10 and 20 of 32.
   *
   * @param blocks the model's number of blocks
   */
  public List<Layer> layers(int blocks) {
    if (!layers.isEmpty()) {
      for (Layer l : layers) {
        require(l.index() >= 1 && l.index() <= blocks, "no block writes %s", l);
      }
      return layers;
    }
    IntStream published =
        switch (method) {
          case CIRCUIT_BREAKERS -> IntStream.of(10, 20);
          case RAHF_DUAL -> IntStream.iterate(10, i -> i <= 20, i -> i + 2);
          default -> IntStream.iterate(10, i -> i <= 18, i -> i + 2);
        };
    return published
        .map(i -> Math.max(1, Math.round(i * blocks / 32f)))
        .distinct()
        .mapToObj(Layer::new)
        .toList();
  }

  /**
   * A prompt as the tuned model is to be asked: under the good instruction after HIR, else the
   * same.
   *
   * @throws IllegalArgumentException if it has no user message and an instruction is needed
   */
  public Prompt asked(Prompt prompt) {
    return method == PreferenceMethod.HIR ? instructions.good(prompt) : prompt;
  }

  /** Returns all settings that the result depends on, by name. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("method", method.name());
    map.put("rank", lora.rank());
    map.put("lora_alpha", lora.alpha());
    map.put("dropout", lora.dropout());
    map.put("modules", lora.modules());
    if (method.learns()) {
      map.put("learn", learn.toMap());
    }
    if (method == PreferenceMethod.RAHF_SCIT) {
      map.put("lambda", lambda);
      map.put("smoothing", smoothing);
    }
    if (method.instructed()) {
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
      map.put("responses", responses.name());
      map.put("from_step_one", fromStepOne);
      map.put("layers", layers.stream().map(Layer::index).toList());
      map.put("response_tokens", responseTokens);
      map.put("step_one_only", stepOneOnly);
      map.put("random_directions", randomDirections);
    }
    if (method == PreferenceMethod.CIRCUIT_BREAKERS) {
      map.put("fit", fit.toMap());
      map.put("alpha", alpha);
      map.put("layers", layers.stream().map(Layer::index).toList());
      map.put("response_tokens", responseTokens);
      map.put("prompt_tokens", promptTokens);
    }
    return map;
  }

  /**
   * Collects settings. Defaults are the published ones where there are any: lambda 1, smoothing
   * 0.2, beta 0.1, alpha 5, fit loss NORM, base START, chosen responses, 512 response tokens (Dual:
   * 64), LoRA rank 8. The learning rates suit LoRA: 2e-4, with 10 % warm-up, for the training on
   * logits, 3e-4 for the fit. The extrapolation factor is 0.5. Circuit breakers have their own:
   * alpha 10, 150 steps of 16 rows at a constant rate of 1e-4, LoRAs of rank and alpha 16 on all
   * matrices. Not thread-safe.
   *
   * @param <T> the type that is built: the settings, or a tuner with them
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
    private FittedResponses responses = FittedResponses.CHOSEN;
    private boolean fromStepOne;
    private List<Layer> layers = List.of();
    private int responseTokens;
    private boolean promptTokens = true;
    private boolean stepOneOnly;
    private boolean randomDirections;
    private long targetBytes = 256L << 20;

    Builder(PreferenceMethod method, Function<PreferenceSettings, T> finish) {
      this.method = method;
      this.finish = finish;
      this.responseTokens = method == PreferenceMethod.RAHF_DUAL ? 64 : 512;
      if (method == PreferenceMethod.CIRCUIT_BREAKERS) {
        this.alpha = 10;
        this.fit = fit.with(t -> t.steps(150).learningRate(1e-4));
        this.lora =
            new TrainableLora.Shape(
                16,
                16,
                0.05,
                List.of(
                    "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"));
      }
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

    /** Multiple of the difference that is added to get the targets; of circuit breakers' losses. */
    public Builder<T> alpha(double value) {
      this.alpha = value;
      return this;
    }

    /** Factor a of weight extrapolation. */
    public Builder<T> extrapolation(double a) {
      this.extrapolation = a;
      return this;
    }

    /** Distance or squared distance to the target. */
    public Builder<T> fitLoss(FitLoss form) {
      this.fitLoss = form;
      return this;
    }

    /** Hidden states that the difference is added to. */
    public Builder<T> base(TargetBase states) {
      this.base = states;
      return this;
    }

    /** Responses whose hidden states are fitted. */
    public Builder<T> responses(FittedResponses which) {
      this.responses = which;
      return this;
    }

    /** The fit starts from step 1's model, as published; the result contains step 1's adapter. */
    public Builder<T> fromStepOne() {
      this.fromStepOne = true;
      return this;
    }

    /** Layers at which hidden states are fitted, or lose their direction. */
    public Builder<T> layers(List<Layer> where) {
      this.layers = where;
      return this;
    }

    /** Maximum number of tokens of each response whose hidden states are read. */
    public Builder<T> responseTokens(int tokens) {
      this.responseTokens = tokens;
      return this;
    }

    /**
     * Whether circuit breakers read the hidden states of prompts, too, as published, and not those
     * of responses only.
     */
    public Builder<T> promptTokens(boolean read) {
      this.promptTokens = read;
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

    /** Bytes of memory for targets. */
    public Builder<T> targetBytes(long bytes) {
      this.targetBytes = bytes;
      return this;
    }

    /**
     * Builds the settings or the tuner.
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
              responses,
              fromStepOne,
              layers,
              responseTokens,
              promptTokens,
              stepOneOnly,
              randomDirections,
              targetBytes));
    }
  }

  /**
   * The good and the bad instruction of SCIT, LoRRA and HIR. They are put in front of the first
   * user message's text, which works with every chat template.
   *
   * @param good asks for preferred responses; not blank
   * @param bad asks for the opposite; not blank
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

    /** Returns the instructions with good and bad exchanged. */
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

  /** Methods of learning from pairs of preferred and dispreferred responses. */
  public enum PreferenceMethod {
    /** Supervised fine-tuning on the chosen responses. */
    SFT,
    /** Direct preference optimization. */
    DPO,
    /**
     * LoRRA on preference data: the directions come from the start model under the good and the bad
     * instruction, without step 1.
     */
    LORRA,
    /**
     * Hindsight instruction relabelling (Zhang et al. 2023, arXiv 2302.05206), as RAHF's paper
     * compares with it: supervised fine-tuning on the chosen responses under the good instruction
     * and on the rejected ones under the bad one. What it learned shows under the good instruction:
     * ask with {@link PreferenceSettings#asked}.
     */
    HIR,
    /** RAHF-SCIT: one model learns both instructions, then their difference is fitted. */
    RAHF_SCIT,
    /**
     * RAHF-Dual: one model learns the chosen, one the rejected responses, then the difference of
     * their hidden states is fitted.
     */
    RAHF_DUAL,
    /**
     * Dual's two models, whose weights instead of hidden states are extrapolated, W_good + a
     * (W_good - W_bad); nothing is fitted.
     */
    WEIGHT_EXTRAPOLATION,
    /**
     * Circuit breakers by representation rerouting (Zou et al. 2024, arXiv 2406.04313, algorithm
     * 1): on rejected responses, such as harmful answers, the hidden states lose their direction,
     * on chosen ones, such as answers to harmless prompts and refusals of harmful ones, they stay.
     * A pair of which one response is empty has only the other.
     */
    CIRCUIT_BREAKERS;

    /** Whether there is a training on logits. */
    public boolean learns() {
      return this != LORRA && this != CIRCUIT_BREAKERS;
    }

    /** Whether the two conditions are a good and a bad instruction. */
    public boolean instructed() {
      return this == HIR || this == LORRA || this == RAHF_SCIT;
    }

    /** Whether hidden states are fitted in a second step. */
    public boolean fits() {
      return this == LORRA || this == RAHF_SCIT || this == RAHF_DUAL;
    }
  }
}
