package org.alignment4j.sysformer;

import static org.alignment4j.core.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Hashes;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TokenPositions;
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
   * @throws IllegalArgumentException if the model's template has no system message
   */
  public Sysformer initial(LanguageModel model) {
    GuardRow any =
        new Requests(model.tokenizer(), settings.systemText()).row(Prompt.user("?"), false);
    int[] ids = any.systemIds();
    require(ids.length > 0, "the system prompt has no token of its own");
    Layer bottom = new Layer(0);
    float[][] rows =
        model
            .captureIds(
                List.of(new Encoded(ids, ids.length)),
                new Capture(List.of(bottom), TokenPositions.all()))
            .at(bottom);
    int width = model.config().width();
    float[] flat = new float[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * width, width);
    }
    int inner = settings.inner() == 0 ? width : settings.inner();
    SysformerShape shape = new SysformerShape(settings.layers(), model.config().heads(), inner);
    long seed = settings.training().seed();
    return Sysformer.initial(
        settings.systemText(), shape, width, flat, seed, provenance(model, "", Map.of()));
  }

  /**
   * Trains on prompts of both kinds.
   *
   * @param prompts at least one to refuse and one to answer, in any order
   * @throws IllegalArgumentException if a kind is missing, a prompt is too long for the context, or
   *     the model's template has no system message
   */
  public SysformerTuning tune(
      LanguageModel model, List<GuardPrompt> prompts, ProgressListener progress) {
    require(prompts.stream().anyMatch(GuardPrompt::harmful), "no harmful prompt to refuse");
    require(!prompts.stream().allMatch(GuardPrompt::harmful), "no harmless prompt to answer");
    List<GuardRow> rows = rows(model, prompts);
    String data = Hashes.sha256(prompts.stream().map(p -> p.harmful() + " " + p.prompt()).toList());
    TrainingSettings how = settings.training();
    try (NativeSysformer trained = new NativeSysformer(model, initial(model), true)) {
      TrainingResult result =
          TrainingLoop.<GuardRow>builder(how)
              .task(settings.layers() == 0 ? "system embedder" : "sysformer")
              .fingerprint(model.hash() + " " + data + " " + settings.toMap())
              .length(r -> r.encoded().ids().length)
              .build()
              .run(rows, new GuardObjective(trained, settings.weights()), progress);
      Map<String, Object> metrics =
          Map.of("loss", result.finalLoss(), "steps", result.steps(), "prompts", prompts.size());
      return new SysformerTuning(trained.snapshot(provenance(model, data, metrics)), result);
    }
  }

  private List<GuardRow> rows(LanguageModel model, List<GuardPrompt> prompts) {
    List<String> targets = targets(model, prompts);
    Requests requests = new Requests(model.tokenizer(), settings.systemText());
    List<GuardRow> rows = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      GuardPrompt p = prompts.get(i);
      GuardRow row = requests.row(p.prompt().withResponse(targets.get(i)), p.harmful());
      int length = row.encoded().ids().length;
      require(
          length <= model.longestSequence(),
          "prompt %s and its target have %s tokens, the context %s",
          i,
          length,
          model.longestSequence());
      rows.add(row);
    }
    return rows;
  }

  private List<String> targets(LanguageModel model, List<GuardPrompt> prompts) {
    String affirmation = settings.affirmation();
    List<Integer> own =
        affirmation != null
            ? List.of()
            : IntStream.range(0, prompts.size())
                .filter(i -> !prompts.get(i).harmful())
                .boxed()
                .toList();
    List<String> targets = new ArrayList<>();
    prompts.forEach(
        p -> targets.add(p.harmful() || affirmation == null ? settings.refusal() : affirmation));
    if (!own.isEmpty()) {
      List<Prompt> asked =
          own.stream().map(i -> prompts.get(i).prompt().withSystem(settings.systemText())).toList();
      List<Completion> replies = model.generate(asked, Generation.greedy(settings.replyTokens()));
      for (int i = 0; i < own.size(); i++) {
        targets.set(own.get(i), replies.get(i).text());
      }
    }
    return targets;
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
