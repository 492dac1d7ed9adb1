package org.alignment4j.actor;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.Device;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.alignment4j.Tuning.Outcome;
import org.alignment4j.actor.ActorPrompts.PromptClass;
import org.alignment4j.actor.ActorTuner.ActorTuning;
import org.alignment4j.actor.ProbeReport.LayerScore;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.evaluation.OverRefusal.OverRefusalReport;
import org.alignment4j.evaluation.OverRefusal.OverRefusalReport.BeforeAfter;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableBlock;
import org.alignment4j.train.TrainingLoop;
import org.alignment4j.train.TrainingResult;
import org.jspecify.annotations.Nullable;

/** Trains one block toward an axis and reports the outcome. */
final class BlockTuning {
  private final LanguageModel model;
  private final ActorSettings settings;
  private final ProgressListener progress;

  BlockTuning(LanguageModel model, ActorSettings settings, ProgressListener progress) {
    this.model = model;
    this.settings = settings;
    this.progress = progress;
  }

  ActorTuning run(BlockTask task) {
    long start = System.nanoTime();
    require(
        settings.refreshEvery() == 0
            || (task.has(PromptClass.HARMFUL) && task.has(PromptClass.BENIGN)),
        "a refresh of the direction needs harmful and benign prompts");
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("layer", task.layer().index());
    all.putAll(settings.toMap());
    Map<String, String> hashes = task.hashes(model.hash());
    try (TrainableBlock block = TrainableBlock.of(model, task.layer());
        BlockInputs inputs = new BlockInputs(model, task.ids(), task.layer(), settings, progress);
        Kernels kernels = kernels(Device.cpu())) {
      ActorObjective objective =
          new ActorObjective(block, inputs, task.classes(), task.axis(), settings, kernels);
      Optional<SafetyGate> gate = task.gate().map(g -> new SafetyGate(g, model, block.view()));
      TrainingResult result =
          TrainingLoop.<Integer>builder(settings.loop())
              .task("ACTOR at " + task.layer())
              .fingerprint(hashes + " " + all)
              .evaluator(gate.orElse(null))
              .build()
              .run(IntStream.range(0, task.ids().size()).boxed().toList(), objective, progress);
      // The gate never accepts the unchanged block.
      boolean changed = result.stopReason() != TrainingResult.StopReason.NO_ACCEPTABLE_CHECKPOINT;
      SafetyGate.@Nullable Refusals after =
          gate.map(g -> changed ? g.measure(block.view()) : g.before()).orElse(null);
      OverRefusalReport report = report(gate, after, start);
      String reason = reason(result, gate.isPresent());
      Map<String, Object> metrics = new LinkedHashMap<>();
      metrics.put("changed", changed);
      metrics.put("reason", reason);
      metrics.put("steps", result.steps());
      metrics.put("result_step", result.resultStep());
      metrics.put("final_loss", result.finalLoss());
      gate.ifPresent(g -> metrics.put("gate", plain(report.toMap())));
      Optional<BeforeAfter> contrast =
          gate.flatMap(g -> after == null ? Optional.empty() : g.before().contrastTo(after));
      contrast.ifPresent(c -> metrics.put("gate_contrast_refusal", plain(c.toMap())));
      task.probe().ifPresent(p -> metrics.put("probe", plain(p.toMap())));
      metrics.put("layers", task.layerScores().stream().map(LayerScore::toMap).toList());
      TunedBlock tuned =
          block.snapshot(new Provenance("actor", all, settings.training().seed(), hashes, metrics));
      return new ActorTuning(
          tuned,
          changed ? Outcome.CHANGED : Outcome.UNCHANGED,
          reason,
          report,
          task.layerScores(),
          task.probe(),
          contrast,
          result);
    }
  }

  private static Kernels kernels(Device device) {
    return Kernels.named("actor").source(ActorTuner.class, "actor.torchscript").compile(device);
  }

  private static OverRefusalReport report(
      Optional<SafetyGate> gate, SafetyGate.@Nullable Refusals after, long start) {
    if (gate.isEmpty() || after == null) {
      BeforeAfter none = new BeforeAfter(new Rate(0, 0), new Rate(0, 0));
      return new OverRefusalReport(none, none, seconds(start));
    }
    return gate.get().before().to(after, seconds(start));
  }

  static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private static String reason(TrainingResult result, boolean gated) {
    if (!gated) {
      return "all " + result.steps() + " steps were done, without a safety gate";
    }
    return switch (result.stopReason()) {
      case NO_ACCEPTABLE_CHECKPOINT ->
          "no state of the block lowered over-refusal within the safety gate's conditions; the"
              + " model"
              + " is unchanged";
      case COMPLETED, EARLY_STOPPED ->
          "of the states that met the safety gate's conditions, the one after step "
              + result.resultStep()
              + " of "
              + result.steps()
              + " was the best";
    };
  }

  @SuppressWarnings("NullAway") // rates without cases are null in JSON
  private static Object plain(Map<String, @Nullable Object> map) {
    return map;
  }
}
