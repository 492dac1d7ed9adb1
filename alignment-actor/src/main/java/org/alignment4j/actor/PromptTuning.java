package org.alignment4j.actor;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.alignment4j.Tuning.Outcome;
import org.alignment4j.actor.ActorPrompts.PromptClass;
import org.alignment4j.actor.ActorTuner.ActorTuning;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.evaluation.RefusalJudge.RefusalTally;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableBlock;
import org.alignment4j.train.TrainingResult;

/**
 * ACTOR from prompts: checks whether the model over-refuses at all, finds layer and direction, then
 * tunes the block.
 */
final class PromptTuning {
  private final LanguageModel model;
  private final ActorSettings settings;
  private final ActorPrompts data;
  private final ProgressListener progress;
  private final long start = System.nanoTime();

  PromptTuning(
      LanguageModel model, ActorSettings settings, ActorPrompts data, ProgressListener progress) {
    this.model = model;
    this.settings = settings;
    this.data = data;
    this.progress = progress;
  }

  ActorTuning run() {
    Optional<SafetyGate.Measure> measure =
        Optional.ofNullable(settings.gate())
            .map(gate -> new SafetyGate.Measure(data, gate, settings.judge()));
    Optional<SafetyGate.Refusals> before = measure.map(m -> m.of(model));
    if (before.isPresent() && before.get().safeTally().refusal().k() == 0) {
      return nothingToDo(before.get());
    }
    ActorProbe.Builder fit = ActorProbe.builder();
    if (settings.layer() != null) {
      fit.layer(settings.layer());
    }
    ActorProbe probe = fit.fit(model, anchors(data.harmful()), anchors(data.benign()), progress);
    List<Prompt> prompts = new ArrayList<>();
    List<PromptClass> classes = new ArrayList<>();
    add(prompts, classes, data.harmful(), PromptClass.HARMFUL);
    add(prompts, classes, data.benign(), PromptClass.BENIGN);
    add(prompts, classes, data.pseudoHarmful(), PromptClass.PSEUDO_HARMFUL);
    add(prompts, classes, data.contrast(), PromptClass.CONTRAST);
    BlockTask task =
        new BlockTask(
            probe.layer(),
            prompts.stream().map(model.tokenizer()::encode).toList(),
            classes,
            probe.axis(),
            hashes(),
            measure.flatMap(m -> before.map(b -> new SafetyGate.Start(m, b, probe.openers()))),
            probe.layerScores(),
            Optional.of(probe.report()));
    return new BlockTuning(model, settings, progress).run(task);
  }

  private List<Prompt> anchors(List<Prompt> prompts) {
    return prompts.subList(0, Math.min(settings.anchors(), prompts.size()));
  }

  private static void add(
      List<Prompt> prompts, List<PromptClass> classes, List<Prompt> some, PromptClass promptClass) {
    prompts.addAll(some);
    classes.addAll(Collections.nCopies(some.size(), promptClass));
  }

  private Map<String, String> hashes() {
    Map<String, String> hashes = new LinkedHashMap<>();
    hashes.put("harmful", hash(data.harmful()));
    hashes.put("benign", hash(data.benign()));
    hashes.put("pseudo_harmful", hash(data.pseudoHarmful()));
    hashes.put("gate_harmful", hash(data.gateHarmful()));
    hashes.put("gate_safe", hash(data.gateSafe()));
    if (!data.contrast().isEmpty() || !data.gateContrast().isEmpty()) {
      hashes.put("contrast", hash(data.contrast()));
      hashes.put("gate_contrast", hash(data.gateContrast()));
    }
    return hashes;
  }

  private static String hash(List<Prompt> prompts) {
    return Hashes.sha256(prompts.stream().map(Prompt::toString).toList());
  }

  /** An adapter that holds the base's own block, so that it can be used like any other. */
  private ActorTuning nothingToDo(SafetyGate.Refusals before) {
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
    hashes.putAll(hashes());
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("layer", layer.index());
    all.putAll(settings.toMap());
    Map<String, Object> metrics = new LinkedHashMap<>();
    metrics.put("changed", false);
    metrics.put("reason", reason);
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
      TunedBlock own =
          block.snapshot(new Provenance("actor", all, settings.training().seed(), hashes, metrics));
      return new ActorTuning(
          own,
          Outcome.NOTHING_TO_DO,
          reason,
          before.to(before, BlockTuning.seconds(start)),
          List.of(),
          Optional.empty(),
          before.contrastTo(before),
          none);
    }
  }
}
