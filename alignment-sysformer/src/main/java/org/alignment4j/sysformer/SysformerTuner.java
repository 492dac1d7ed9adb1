package org.alignment4j.sysformer;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alignment4j.core.Hashes;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.train.TrainingLoop;
import org.alignment4j.train.TrainingResult;
import org.alignment4j.train.TrainingSettings;

/**
 * Trains a Sysformer, or a SystemEmbedder, for a frozen model (section 3 of the Sysformer paper,
 * arXiv 2506.15751). The model's weights are never changed. Immutable and thread-safe, but one
 * training runs at a time in a process.
 */
public final class SysformerTuner {
  private final SysformerSettings settings;

  /** A tuner with these settings. */
  public SysformerTuner(SysformerSettings settings) {
    this.settings = settings;
  }

  /**
   * A Sysformer that changes nothing yet.
   *
   * @throws IllegalArgumentException if the system prompt has no token of its own in the template
   */
  public Sysformer initial(LanguageModel model) {
    int inner = settings.inner() == 0 ? model.config().width() : settings.inner();
    SysformerShape shape = new SysformerShape(settings.layers(), model.config().heads(), inner);
    return Sysformer.initial(
        model,
        settings.systemText(),
        shape,
        settings.training().seed(),
        provenance(model, "", Map.of()));
  }

  /**
   * Trains on prompts of both kinds.
   *
   * @param prompts at least one to refuse and one to answer, in any order
   * @throws IllegalArgumentException if nothing of a kind is there to learn from; prompts that are
   *     too long for the context are left out
   */
  public SysformerTuning tune(
      LanguageModel model, List<GuardPrompt> prompts, ProgressListener progress) {
    GuardPrompt.requireBothKinds(prompts);
    Requests requests = new Requests(model.tokenizer(), settings.systemText());
    List<Targets.Target> targets = Targets.of(model, requests, prompts, settings);
    Requests.Usable usable = requests.usable(model, prompts, targets);
    List<GuardRow> rows = usable.rows();
    long harmful = rows.stream().filter(GuardRow::harmful).count();
    LossWeights weights = settings.weights().perRequest(harmful, rows.size() - harmful);
    String data = Hashes.sha256(prompts.stream().map(p -> p.harmful() + " " + p.prompt()).toList());
    TrainingSettings how = settings.training();
    try (NativeSysformer trained = new NativeSysformer(model, initial(model), true)) {
      TrainingResult result =
          TrainingLoop.<GuardRow>builder(how)
              .task(settings.layers() == 0 ? "system embedder" : "sysformer")
              .fingerprint(model.hash() + " " + data + " " + settings.toMap())
              .length(r -> r.encoded().ids().length)
              .build()
              .run(rows, new GuardObjective(trained, weights), progress);
      Map<String, Object> metrics =
          Map.of("loss", result.finalLoss(), "steps", result.steps(), "prompts", rows.size());
      return new SysformerTuning(
          trained.snapshot(provenance(model, data, metrics)), result, usable.unused());
    }
  }

  /**
   * What each prompt is trained to be answered with, for rivals that learn the same: the refusal,
   * the affirmation, or the model's own answer. Empty for a prompt that {@link #tune} leaves out
   * for want of one.
   */
  public List<Optional<String>> targets(LanguageModel model, List<GuardPrompt> prompts) {
    Requests requests = new Requests(model.tokenizer(), settings.systemText());
    return Targets.of(model, requests, prompts, settings).stream()
        .map(t -> Optional.ofNullable(t.text()))
        .toList();
  }

  private Provenance provenance(LanguageModel model, String data, Map<String, Object> metrics) {
    return new Provenance(
        settings.layers() == 0 ? "system embedder" : "sysformer",
        settings.toMap(),
        settings.training().seed(),
        Map.of("model", model.hash(), "prompts", data),
        metrics);
  }
}
