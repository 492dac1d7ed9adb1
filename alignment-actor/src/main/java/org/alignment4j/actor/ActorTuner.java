package org.alignment4j.actor;

import static org.alignment4j.core.Arguments.require;

import ai.djl.Device;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.alignment4j.RepresentationTuner;
import org.alignment4j.Tuning;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Hashes;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.evaluation.OverRefusalReport;
import org.alignment4j.evaluation.OverRefusalReport.BeforeAfter;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.RefusalTally;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableBlock;
import org.alignment4j.tensor.AdamW;
import org.alignment4j.tensor.Kernels;
import org.alignment4j.train.TrainingLoop;
import org.alignment4j.train.TrainingResult;
import org.alignment4j.train.TrainingSettings;
import org.jspecify.annotations.Nullable;

/**
 * ACTOR: tunes one block so that harmless prompts are no longer refused while harmful ones still
 * are ("Just Enough Shifts", ICML 2025, arXiv 2507.04250). The block is trained on its own cached
 * inputs with a loss on its output at the last prompt token; nothing else of the model changes.
 * Immutable; one tuning runs at a time per process.
 */
public final class ActorTuner implements RepresentationTuner<ActorPrompts, ActorTuning> {
  private final ActorSettings settings;
  private final RefusalJudge judge;

  private ActorTuner(ActorSettings settings, RefusalJudge judge) {
    this.settings = settings;
    this.judge = judge;
  }

  /** Starts with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** The settings. */
  public ActorSettings settings() {
    return settings;
  }

  /**
   * {@inheritDoc}
   *
   * <p>With a gate, a model that refuses none of the gate's safe prompts is left alone: the outcome
   * is {@link org.alignment4j.Tuning.Outcome#NOTHING_TO_DO}, before any step.
   */
  @Override
  public ActorTuning tune(LanguageModel model, ActorPrompts data, ProgressListener progress) {
    long start = System.nanoTime();
    ActorSettings.Gate gate = settings.gate();
    SafetyGate.Refusals before = null;
    if (gate != null) {
      before = SafetyGate.measure(model, data, gate, judge);
      if (before.safeTally().refusal().k() == 0) {
        return nothingToDo(model, data, before, start);
      }
    }
    ActorProbe probe =
        ActorProbe.fit(
            model,
            anchors(data.harmful()),
            anchors(data.benign()),
            settings.layer(),
            0.05,
            progress);
    List<Prompt> prompts = new ArrayList<>();
    List<PromptClass> classes = new ArrayList<>();
    add(prompts, classes, data.harmful(), PromptClass.HARMFUL);
    add(prompts, classes, data.benign(), PromptClass.BENIGN);
    add(prompts, classes, data.pseudoHarmful(), PromptClass.PSEUDO_HARMFUL);
    List<int[]> ids = prompts.stream().map(model.tokenizer()::encode).toList();
    return tune(
        model,
        ids,
        classes,
        probe.axis(),
        probe.layer(),
        probe.layerScores(),
        new Measured(data, before, probe.openers(), probe.report()),
        progress);
  }

  /**
   * Tunes on token sequences toward a given direction, without a safety gate: for measurements and
   * for models without a tokenizer.
   *
   * @param sequences prompts as token ids
   * @param classes how each is to be treated
   * @param direction R [D]
   * @param benignMean m+ [D]; read by {@link ActorTarget#CENTRED} only
   * @throws IllegalArgumentException if the settings have a gate or no layer
   */
  public ActorTuning tuneIds(
      LanguageModel model,
      List<int[]> sequences,
      List<PromptClass> classes,
      double[] direction,
      double[] benignMean,
      ProgressListener progress) {
    require(settings.gate() == null, "the gate needs prompts; build the tuner with noGate()");
    Layer layer = settings.layer();
    if (layer == null) {
      throw new IllegalArgumentException("tuneIds needs a layer");
    }
    require(
        sequences.size() == classes.size(),
        "%s sequences, %s classes",
        sequences.size(),
        classes.size());
    return tune(
        model,
        sequences,
        classes,
        new RefusalAxis(direction, benignMean),
        layer,
        List.of(),
        null,
        progress);
  }

  private ActorTuning tune(
      LanguageModel model,
      List<int[]> ids,
      List<PromptClass> classes,
      RefusalAxis axis,
      Layer layer,
      List<LayerScore> scores,
      @Nullable Measured measured,
      ProgressListener progress) {
    ActorPrompts data = measured == null ? null : measured.prompts;
    long start = System.nanoTime();
    require(
        settings.refreshEvery() == 0
            || (classes.contains(PromptClass.HARMFUL) && classes.contains(PromptClass.BENIGN)),
        "a refresh of the direction needs harmful and benign prompts");
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("layer", layer.index());
    all.putAll(settings.toMap());
    Map<String, String> hashes = hashes(model, data, ids, classes, axis);
    TrainingSettings.Builder training =
        TrainingSettings.builder()
            .epochs(settings.epochs())
            .batchSize(settings.batchSize())
            .learningRate(settings.learningRate())
            .optimizer(settings.optimizer())
            .seed(settings.seed())
            .checkpointFolder(settings.checkpointFolder())
            .checkpointEvery(settings.checkpointEvery());
    if (settings.gate() != null) {
      training.evaluateEvery(settings.refreshEvery());
    }
    try (TrainableBlock block = TrainableBlock.of(model, layer);
        BlockInputs inputs = new BlockInputs(model, ids, layer, settings, progress);
        Kernels kernels = kernels(Device.cpu())) {
      ActorObjective objective =
          new ActorObjective(block, inputs, classes, axis, settings, kernels);
      ActorSettings.Gate gateSettings = settings.gate();
      SafetyGate gate =
          gateSettings == null || measured == null || measured.before == null
              ? null
              : new SafetyGate(
                  model,
                  measured.before,
                  block.view(),
                  measured.prompts,
                  gateSettings,
                  judge,
                  measured.openers);
      TrainingResult result =
          TrainingLoop.<Integer>builder(training.build())
              .task("ACTOR at " + layer)
              .fingerprint(hashes + " " + all)
              .evaluator(gate)
              .build()
              .run(IntStream.range(0, ids.size()).boxed().toList(), objective, progress);
      // The gate does not accept the block as it was.
      boolean changed = result.stopReason() != TrainingResult.StopReason.NO_ACCEPTABLE_CHECKPOINT;
      OverRefusalReport report = report(gate, block, changed, start);
      String reason = reason(result, gate);
      Map<String, Object> metrics = new LinkedHashMap<>();
      metrics.put("changed", changed);
      metrics.put("reason", reason);
      metrics.put("steps", result.steps());
      metrics.put("result_step", result.resultStep());
      metrics.put("final_loss", result.finalLoss());
      if (gate != null) {
        metrics.put("gate", plain(report.toMap()));
      }
      if (measured != null) {
        metrics.put("probe", plain(measured.probe.toMap()));
      }
      metrics.put("layers", scores.stream().map(LayerScore::toMap).toList());
      TunedBlock tuned =
          block.snapshot(new Provenance("actor", all, settings.seed(), hashes, metrics));
      return new ActorTuning(
          tuned,
          changed ? Tuning.Outcome.CHANGED : Tuning.Outcome.UNCHANGED,
          reason,
          report,
          scores,
          measured == null ? Optional.empty() : Optional.of(measured.probe),
          result);
    }
  }

  private static Kernels kernels(Device device) {
    return Kernels.named("actor").source(ActorTuner.class, "actor.torchscript").compile(device);
  }

  private static OverRefusalReport report(
      @Nullable SafetyGate gate, TrainableBlock block, boolean changed, long start) {
    double seconds = (System.nanoTime() - start) / 1e9;
    if (gate == null) {
      BeforeAfter none = new BeforeAfter(new Rate(0, 0), new Rate(0, 0));
      return new OverRefusalReport(none, none, seconds);
    }
    SafetyGate.Refusals before = gate.before();
    SafetyGate.Refusals after = changed ? gate.measure(block.view()) : before;
    return OverRefusalReport.of(
        before.safe(),
        after.safe(),
        before.harmful(),
        after.harmful(),
        (System.nanoTime() - start) / 1e9);
  }

  private static String reason(TrainingResult result, @Nullable SafetyGate gate) {
    if (gate == null) {
      return "all " + result.steps() + " steps were done, without a safety gate";
    }
    return switch (result.stopReason()) {
      case NO_ACCEPTABLE_CHECKPOINT ->
          "no state of the block lowered over-refusal within the safety gate's conditions; the model"
              + " is unchanged";
      case COMPLETED, EARLY_STOPPED ->
          "of the states that met the safety gate's conditions, the one after step "
              + result.resultStep()
              + " of "
              + result.steps()
              + " had the lowest over-refusal";
    };
  }

  private static Map<String, String> hashes(
      LanguageModel model,
      @Nullable ActorPrompts data,
      List<int[]> ids,
      List<PromptClass> classes,
      RefusalAxis axis) {
    Map<String, String> hashes = new LinkedHashMap<>();
    hashes.put("model", model.hash());
    if (data != null) {
      hashes.putAll(hashes(data));
    }
    hashes.put("sequences", Hashes.sha256(ids.stream().map(Arrays::toString).toList()));
    hashes.put("classes", Hashes.sha256(List.of(classes.toString())));
    hashes.put(
        "direction",
        Hashes.sha256(
            List.of(Arrays.toString(axis.direction()), Arrays.toString(axis.benignMean()))));
    return hashes;
  }

  private static Map<String, String> hashes(ActorPrompts data) {
    Map<String, String> hashes = new LinkedHashMap<>();
    hashes.put("harmful", hash(data.harmful()));
    hashes.put("benign", hash(data.benign()));
    hashes.put("pseudo_harmful", hash(data.pseudoHarmful()));
    hashes.put("gate_harmful", hash(data.gateHarmful()));
    hashes.put("gate_safe", hash(data.gateSafe()));
    return hashes;
  }

  @SuppressWarnings("NullAway") // rates without cases are null in JSON
  private static Object plain(Map<String, @Nullable Object> map) {
    return map;
  }

  private static String hash(List<Prompt> prompts) {
    return Hashes.sha256(prompts.stream().map(Prompt::toString).toList());
  }

  private List<Prompt> anchors(List<Prompt> prompts) {
    return prompts.subList(0, Math.min(settings.anchors(), prompts.size()));
  }

  private static void add(
      List<Prompt> prompts, List<PromptClass> classes, List<Prompt> some, PromptClass promptClass) {
    prompts.addAll(some);
    classes.addAll(Collections.nCopies(some.size(), promptClass));
  }

  /**
   * What the gate measures with.
   *
   * @param before what the model refuses; null without a gate
   */
  private record Measured(
      ActorPrompts prompts,
      SafetyGate.@Nullable Refusals before,
      RefusalOpeners openers,
      ProbeReport probe) {}

  /** The base's own block, so that the adapter can be used like any other. */
  private ActorTuning nothingToDo(
      LanguageModel model, ActorPrompts data, SafetyGate.Refusals before, long start) {
    RefusalTally safe = before.safeTally();
    RefusalTally harmful = before.harmfulTally();
    String reason =
        String.format(
            Locale.ROOT,
            "there is nothing to do: the model refuses none of the %d safe prompts held out for the"
                + " gate%s, and %d of the %d harmful ones",
            safe.n(),
            safe.empty() == 0 ? "" : " (" + safe.empty() + " answers are empty)",
            harmful.refusal().k(),
            harmful.n());
    Layer layer = settings.layer() == null ? new Layer(model.config().blocks()) : settings.layer();
    Map<String, String> hashes = new LinkedHashMap<>();
    hashes.put("model", model.hash());
    OverRefusalReport report =
        OverRefusalReport.of(
            before.safe(),
            before.safe(),
            before.harmful(),
            before.harmful(),
            (System.nanoTime() - start) / 1e9);
    TrainingResult none =
        new TrainingResult(
            TrainingResult.StopReason.NO_ACCEPTABLE_CHECKPOINT,
            0,
            0,
            Double.NaN,
            List.of(),
            List.of(),
            Optional.empty(),
            0);
    try (TrainableBlock block = TrainableBlock.of(model, layer)) {
      Map<String, Object> all = new LinkedHashMap<>();
      all.put("layer", layer.index());
      all.putAll(settings.toMap());
      Map<String, Object> metrics = new LinkedHashMap<>();
      metrics.put("changed", false);
      metrics.put("reason", reason);
      hashes.putAll(hashes(data));
      TunedBlock own =
          block.snapshot(new Provenance("actor", all, settings.seed(), hashes, metrics));
      return new ActorTuning(
          own, Tuning.Outcome.NOTHING_TO_DO, reason, report, List.of(), Optional.empty(), none);
    }
  }

  /** Collects settings; defaults are the paper's where it has any. Not thread-safe. */
  public static final class Builder {
    private @Nullable Layer layer;
    private ActorTarget target = ActorTarget.CENTRED;
    private double alpha = 0.3;
    private double learningRate = 5e-5;
    private int epochs = 5;
    private int batchSize = 8;
    private int refreshEvery = 25;
    private ActorSettings.ClassWeights weights = new ActorSettings.ClassWeights(1, 1, 2);
    private AdamW.Settings optimizer = AdamW.Settings.DEFAULT;
    private int anchors = 64;
    private ActorSettings.@Nullable Gate gate = ActorSettings.Gate.DEFAULT;
    private boolean cachePrefix = true;
    private long cacheBytes = 1L << 30;
    private long seed;
    private @Nullable Path checkpointFolder;
    private int checkpointEvery;
    private RefusalJudge judge = new StringRefusalJudge();

    private Builder() {}

    /**
     * The paper's form and settings: PUBLISHED target, alpha 0.0015, learning rate 1e-5, 3 epochs,
     * batch 1, a refresh every 50 steps.
     */
    public Builder published() {
      target = ActorTarget.PUBLISHED;
      alpha = 0.0015;
      learningRate = 1e-5;
      batchSize = 1;
      epochs = 3;
      refreshEvery = 50;
      weights = new ActorSettings.ClassWeights(1, 1, 1);
      return this;
    }

    /** The layer whose block is tuned; without it the best layer is chosen. */
    public Builder layer(Layer value) {
      layer = value;
      return this;
    }

    /** The form of the target; CENTRED by default. */
    public Builder target(ActorTarget value) {
      target = value;
      return this;
    }

    /** The projection multiplier; 0.3 by default. */
    public Builder alpha(double value) {
      alpha = value;
      return this;
    }

    /** AdamW's learning rate; 5e-5 by default. */
    public Builder learningRate(double value) {
      learningRate = value;
      return this;
    }

    /** Passes over the prompts; 5 by default. */
    public Builder epochs(int value) {
      epochs = value;
      return this;
    }

    /** Prompts per step; 8 by default. */
    public Builder batchSize(int value) {
      batchSize = value;
      return this;
    }

    /**
     * Steps between refreshes of the direction, and gate measurements; 25 by default, 0 for never.
     */
    public Builder refreshEvery(int value) {
      refreshEvery = value;
      return this;
    }

    /** Relative total weights of the classes; 1, 1 and 2 by default. */
    public Builder classWeights(double harmful, double benign, double pseudoHarmful) {
      weights = new ActorSettings.ClassWeights(harmful, benign, pseudoHarmful);
      return this;
    }

    /** AdamW's settings. */
    public Builder optimizer(AdamW.Settings value) {
      optimizer = value;
      return this;
    }

    /** Prompts of each class that define the direction; 64 by default. */
    public Builder anchors(int value) {
      anchors = value;
      return this;
    }

    /** The safety gate's conditions. */
    public Builder gate(ActorSettings.Gate value) {
      gate = value;
      return this;
    }

    /** No safety gate: the last state is kept, whatever it does. For measurements only. */
    public Builder noGate() {
      gate = null;
      return this;
    }

    /** Whether the blocks below are run once and remembered; true by default. */
    public Builder cachePrefix(boolean value) {
      cachePrefix = value;
      return this;
    }

    /** Bytes of the prefix cache kept in memory; 1 GiB by default. */
    public Builder cacheBytes(long value) {
      cacheBytes = value;
      return this;
    }

    /** Seed of everything random; 0 by default. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /**
     * Keeps the training in a folder, so that a cancelled or killed tuning goes on where it was
     * when it is started again with the same model, data and settings, and ends with the same
     * block, bit for bit; a finished one gives its result again. The judge must be the same, too.
     *
     * @param folder of this tuning alone; made if absent
     * @param everySteps steps between checkpoints; 0 for one when cancelled and one at the end
     */
    public Builder checkpoint(Path folder, int everySteps) {
      checkpointFolder = folder;
      checkpointEvery = everySteps;
      return this;
    }

    /** Judges the gate's answers; strings by default. */
    public Builder judge(RefusalJudge value) {
      judge = value;
      return this;
    }

    /** Builds the tuner. */
    public ActorTuner build() {
      return new ActorTuner(
          new ActorSettings(
              layer,
              target,
              alpha,
              learningRate,
              epochs,
              batchSize,
              refreshEvery,
              weights,
              optimizer,
              anchors,
              gate,
              cachePrefix,
              cacheBytes,
              seed,
              checkpointFolder,
              checkpointEvery),
          judge);
    }
  }
}
