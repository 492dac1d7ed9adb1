package org.alignment4j.examples.cli.tune;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alignment4j.core.Layer;
import org.alignment4j.examples.cli.option.LayerList;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.rahf.PreferenceSettings;
import org.alignment4j.rahf.PreferenceSettings.FittedResponses;
import org.alignment4j.rahf.PreferenceSettings.Instructions;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.alignment4j.rahf.PreferenceSettings.TargetBase;
import org.alignment4j.train.TrainingSettings;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Command-line options for learning from preferences; defaults are the method's. */
public final class PreferenceOptions {
  /** Steps between checkpoints, if a folder is given. */
  private static final int CHECKPOINT_EVERY = 50;

  @Option(names = "--epochs", paramLabel = "N", description = "epochs of sft, dpo, step 1")
  private @Nullable Integer epochs;

  @Option(
      names = "--fit-epochs",
      paramLabel = "N",
      description = "epochs on hidden states: of the fit, step 2, or of circuit-breakers")
  private @Nullable Integer fitEpochs;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      description = "AdamW's learning rate in" + " sft, dpo, step 1")
  private @Nullable Double rate;

  @Option(
      names = "--fit-learning-rate",
      paramLabel = "X",
      description = "AdamW's learning rate on hidden states")
  private @Nullable Double fitRate;

  @Option(names = "--batch-size", paramLabel = "N", description = "pairs per step")
  private @Nullable Integer batch;

  @Option(
      names = "--rank",
      paramLabel = "R",
      description = "LoRA's rank; its alpha is twice that, for circuit-breakers equal")
  private @Nullable Integer rank;

  @Option(
      names = "--modules",
      split = ",",
      paramLabel = "NAME",
      description = "matrices that get a LoRA, such as q_proj,v_proj")
  private @Nullable List<String> modules;

  @Option(
      names = "--alpha",
      paramLabel = "X",
      description = "multiple of the difference v in the targets, or circuit-breakers' coefficient")
  private @Nullable Double alpha;

  @Option(
      names = "--a",
      paramLabel = "X",
      description = "factor of the weight extrapolation (default: 0.5)")
  private @Nullable Double extrapolation;

  @Option(names = "--beta", paramLabel = "X", description = "DPO's beta")
  private @Nullable Double beta;

  @Option(
      names = "--base",
      paramLabel = "STATES",
      description = "states that v is added to: ${COMPLETION-CANDIDATES} (default: START)")
  private @Nullable TargetBase base;

  @Option(
      names = "--responses",
      paramLabel = "WHICH",
      description = "responses whose states are fitted: ${COMPLETION-CANDIDATES} (default: CHOSEN)")
  private @Nullable FittedResponses responses;

  @Option(
      names = "--from-step-one",
      description = "the fit starts from step 1's model, which the result then contains")
  private boolean fromStepOne;

  @Option(
      names = "--layers",
      paramLabel = "LIST",
      converter = LayerList.Converter.class,
      description = "layers whose states are fitted or broken, such as 10,12-14")
  private @Nullable LayerList layers;

  @Option(
      names = "--response-tokens",
      paramLabel = "N",
      description = "number of first tokens of a response whose states are read")
  private @Nullable Integer responseTokens;

  @Option(
      names = "--only-responses",
      description = "circuit-breakers: hidden states of responses only, not of prompts, too")
  private boolean onlyResponses;

  @Option(
      names = "--good-instruction",
      paramLabel = "TEXT",
      description = "instruction for preferred responses; with --bad-instruction")
  private @Nullable String goodInstruction;

  @Option(
      names = "--bad-instruction",
      paramLabel = "TEXT",
      description = "instruction for the opposite; with --good-instruction")
  private @Nullable String badInstruction;

  /** Rejects options that the method does not use, which may be typing errors. */
  public void check(PreferenceMethod method) {
    boolean onStates = method.fits() || method == PreferenceMethod.CIRCUIT_BREAKERS;
    requireUsed(method, "--epochs", epochs, method.learns());
    requireUsed(method, "--learning-rate", rate, method.learns());
    requireUsed(method, "--beta", beta, method == PreferenceMethod.DPO);
    requireUsed(method, "--a", extrapolation, method == PreferenceMethod.WEIGHT_EXTRAPOLATION);
    requireUsed(method, "--fit-epochs", fitEpochs, onStates);
    requireUsed(method, "--fit-learning-rate", fitRate, onStates);
    requireUsed(method, "--alpha", alpha, onStates);
    requireUsed(method, "--base", base, method.fits());
    requireUsed(method, "--responses", responses, method.fits());
    requireUsed(
        method, "--from-step-one", fromStepOne ? true : null, method.fits() && method.learns());
    requireUsed(method, "--layers", layers, onStates);
    requireUsed(method, "--response-tokens", responseTokens, onStates);
    require(
        !onlyResponses || method == PreferenceMethod.CIRCUIT_BREAKERS,
        "%s has no use for --only-responses",
        MethodName.of(method));
    requireUsed(method, "--good-instruction", goodInstruction, method.instructed());
    requireUsed(method, "--bad-instruction", badInstruction, method.instructed());
    require(
        (goodInstruction == null) == (badInstruction == null),
        "--good-instruction and --bad-instruction go together");
  }

  private static void requireUsed(
      PreferenceMethod method, String name, @Nullable Object value, boolean used) {
    require(value == null || used, "%s has no use for %s", MethodName.of(method), name);
  }

  /** Returns these options, with those of {@code other} where these are not set. */
  public PreferenceOptions or(PreferenceOptions other) {
    PreferenceOptions both = new PreferenceOptions();
    both.epochs = first(epochs, other.epochs);
    both.fitEpochs = first(fitEpochs, other.fitEpochs);
    both.rate = first(rate, other.rate);
    both.fitRate = first(fitRate, other.fitRate);
    both.batch = first(batch, other.batch);
    both.rank = first(rank, other.rank);
    both.modules = first(modules, other.modules);
    both.alpha = first(alpha, other.alpha);
    both.extrapolation = first(extrapolation, other.extrapolation);
    both.beta = first(beta, other.beta);
    both.base = first(base, other.base);
    both.responses = first(responses, other.responses);
    both.fromStepOne = fromStepOne || other.fromStepOne;
    both.layers = first(layers, other.layers);
    both.responseTokens = first(responseTokens, other.responseTokens);
    both.onlyResponses = onlyResponses || other.onlyResponses;
    both.goodInstruction = first(goodInstruction, other.goodInstruction);
    both.badInstruction = first(badInstruction, other.badInstruction);
    return both;
  }

  /**
   * These options with each combination of learning rates that the method uses and that is not set
   * here, by a text that names it; one, of no rates, if there is nothing to combine.
   *
   * @param rates of {@code --learning-rate}; may be empty
   * @param fitRates of {@code --fit-learning-rate}; may be empty
   */
  public Map<String, PreferenceOptions> withRates(
      PreferenceMethod method, List<Double> rates, List<Double> fitRates) {
    boolean onStates = method.fits() || method == PreferenceMethod.CIRCUIT_BREAKERS;
    Map<String, PreferenceOptions> all = new LinkedHashMap<>();
    for (Double one : tried(rates, rate, method.learns())) {
      for (Double fit : tried(fitRates, fitRate, onStates)) {
        PreferenceOptions own = new PreferenceOptions();
        own.rate = one;
        own.fitRate = fit;
        String name =
            Stream.of(one, fit)
                .filter(Objects::nonNull)
                .map(Object::toString)
                .collect(Collectors.joining(" and "));
        all.put(name, own.or(this));
      }
    }
    return all;
  }

  /** The rates to try, null for what is set. */
  private static List<@Nullable Double> tried(
      List<Double> rates, @Nullable Double set, boolean used) {
    return used && set == null && !rates.isEmpty()
        ? new ArrayList<>(rates)
        : Collections.singletonList(null);
  }

  private static <T> @Nullable T first(@Nullable T own, @Nullable T other) {
    return own == null ? other : own;
  }

  /**
   * The settings of a run.
   *
   * @param blocks the model's number of blocks
   * @param checkpoints folder from which an interrupted run resumes; null for none
   */
  public PreferenceSettings settings(
      PreferenceMethod method,
      PreferenceControl control,
      long seed,
      int blocks,
      @Nullable Path checkpoints) {
    PreferenceSettings d = PreferenceSettings.builder(method).build();
    PreferenceSettings.Builder<PreferenceSettings> b = PreferenceSettings.builder(method);
    b.learn(training(d.learn(), epochs, rate, seed, checkpoints));
    b.fit(training(d.fit(), fitEpochs, fitRate, seed, checkpoints));
    TrainableLora.Shape shape = d.lora();
    int r = Objects.requireNonNullElse(rank, shape.rank());
    b.lora(
        new TrainableLora.Shape(
            r,
            shape.alpha() * r / shape.rank(),
            shape.dropout(),
            Objects.requireNonNullElse(modules, shape.modules())));
    if (alpha != null) {
      b.alpha(alpha);
    }
    if (extrapolation != null) {
      b.extrapolation(extrapolation);
    }
    if (beta != null) {
      b.beta(beta);
    }
    if (base != null) {
      b.base(base);
    }
    if (responses != null) {
      b.responses(responses);
    }
    if (fromStepOne && method.fits() && method.learns()) {
      b.fromStepOne();
    }
    if (layers != null) {
      boolean all = layers.ranges().isEmpty();
      b.layers(layers.of(blocks).stream().filter(l -> !all || !l.equals(new Layer(0))).toList());
    }
    if (responseTokens != null) {
      b.responseTokens(responseTokens);
    }
    b.promptTokens(!onlyResponses);
    if (goodInstruction != null && badInstruction != null) {
      b.instructions(new Instructions(goodInstruction, badInstruction));
    }
    control.apply(method, b);
    return b.build();
  }

  private TrainingSettings training(
      TrainingSettings d,
      @Nullable Integer passes,
      @Nullable Double learningRate,
      long seed,
      @Nullable Path checkpoints) {
    return d.with(
        t ->
            (passes == null ? t : t.epochs(passes))
                .batchSize(Objects.requireNonNullElse(batch, d.batchSize()))
                .learningRate(Objects.requireNonNullElse(learningRate, d.learningRate()))
                .seed(seed)
                .checkpointEvery(checkpoints == null ? 0 : CHECKPOINT_EVERY)
                .checkpointFolder(checkpoints));
  }
}
