package org.alignment4j.sysformer;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.alignment4j.RepresentationTuner;
import org.alignment4j.Tuning;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.RefusalJudge.RefusalVerdict;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.SysformerTuner.GuardPrompt;
import org.alignment4j.train.TrainingLoop;
import org.alignment4j.train.TrainingResult;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.train.TrainingSettings.Schedule;

/**
 * Directed representation optimization (DRO, Zheng et al. 2024, arXiv 2401.18018), a baseline of
 * the Sysformer: a system prompt, the same for every request, whose embeddings are learned so that
 * the features of harmful requests move along the model's refusal direction and those of the others
 * against it. No responses are trained on. Features are the last prompt token's hidden states at
 * the top layer, scaled to unit root mean square; the scaling is ours. Immutable and thread-safe,
 * but one training runs at a time in a process.
 */
public final class DroTuner implements RepresentationTuner<List<GuardPrompt>, Sysformer> {
  /** Number of principal components, as in the paper. */
  private static final int COMPONENTS = 4;

  private final Settings settings;

  /** A tuner with these settings. */
  public DroTuner(Settings settings) {
    this.settings = settings;
  }

  /** Returns a builder with the defaults. */
  public static Builder<DroTuner> builder() {
    return new Builder<>(DroTuner::new);
  }

  /** The settings. */
  public Settings settings() {
    return settings;
  }

  /**
   * Settings of {@link DroTuner}. Immutable.
   *
   * @param systemText the initial system prompt
   * @param training steps, learning rate, batches, seed
   * @param judge decides which prompts the model refuses by itself
   * @param replyTokens maximum number of tokens of a response that the judge is shown
   */
  public record Settings(
      String systemText, TrainingSettings training, RefusalJudge judge, int replyTokens) {
    /**
     * @throws IllegalArgumentException if a value is out of range
     */
    public Settings {
      require(!systemText.isBlank(), "the system prompt is empty");
      require(replyTokens >= 1, "replyTokens must be 1 or more, was %s", replyTokens);
    }

    /** Returns a builder with the defaults; see {@link Builder}. */
    public static Builder<Settings> builder() {
      return new Builder<>(settings -> settings);
    }

    private Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("system_text", systemText);
      map.put("judge", judge.getClass().getSimpleName());
      map.put("reply_tokens", replyTokens);
      map.putAll(training.toMap());
      return map;
    }
  }

  /**
   * Collects settings. Defaults: {@link SysformerSettings#SYSTEM_TEXT}, AdamW at a learning rate of
   * 1e-3 in batches of 50 for 40 epochs, refusals judged by {@link StringRefusalJudge} on 32
   * tokens. Not thread-safe.
   *
   * @param <T> the type that is built: the settings, or a tuner with them
   */
  public static final class Builder<T> {
    private final Function<Settings, T> finish;
    private String systemText = SysformerSettings.SYSTEM_TEXT;
    private TrainingSettings training =
        TrainingSettings.builder()
            .epochs(40)
            .batchSize(50)
            .microBatchTokens(4096)
            .learningRate(1e-3)
            .schedule(Schedule.constant())
            .maxGradientNorm(1)
            .build();
    private RefusalJudge judge = new StringRefusalJudge();
    private int replyTokens = 32;

    private Builder(Function<Settings, T> finish) {
      this.finish = finish;
    }

    /** The initial system prompt. */
    public Builder<T> systemText(String text) {
      this.systemText = text;
      return this;
    }

    /** Steps, learning rate, batches, seed. */
    public Builder<T> training(TrainingSettings all) {
      this.training = all;
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
     * The judge of which prompts the model refuses by itself.
     *
     * @param tokens maximum number of tokens of a response that it is shown
     */
    public Builder<T> judge(RefusalJudge other, int tokens) {
      this.judge = other;
      this.replyTokens = tokens;
      return this;
    }

    /**
     * Builds the settings or the tuner.
     *
     * @throws IllegalArgumentException if a value is out of range
     */
    public T build() {
      return finish.apply(new Settings(systemText, training, judge, replyTokens));
    }
  }

  /**
   * Fits the directions to features with and without the system prompt, then trains.
   *
   * @param prompts at least one to refuse and one to answer, in any order
   * @return a Sysformer without layers
   * @throws IllegalArgumentException if no harmful or no harmless prompt is usable, or the model
   *     refuses none or all of the prompts; prompts that are too long for the context are left out
   */
  @Override
  public Tuning<Sysformer> tune(
      LanguageModel model, List<GuardPrompt> prompts, ProgressListener progress) {
    GuardPrompt.requireBothKinds(prompts);
    RequestEncoder encoder = new RequestEncoder(model.tokenizer(), settings.systemText());
    RequestEncoder.Usable usable = encoder.usable(model, prompts, List.of());
    List<GuardRow> requested = usable.rows();
    List<GuardPrompt> used = usable.indices().stream().map(prompts::get).toList();
    String data = Hashes.sha256(prompts.stream().map(p -> p.harmful() + " " + p.prompt()).toList());
    Sysformer.Shape shape = new Sysformer.Shape(0, 1, 1);
    Sysformer initial =
        Sysformer.initial(
            model,
            settings.systemText(),
            shape,
            settings.training().seed(),
            from(model, data, Map.of()));
    try (NativeSysformer trained = new NativeSysformer(model, initial, true)) {
      List<int[]> under = requested.stream().map(r -> r.encoded().ids()).toList();
      float[][] start = Features.of(model, under);
      List<DroRow> rows =
          IntStream.range(0, start.length)
              .mapToObj(i -> new DroRow(requested.get(i), start[i]))
              .toList();
      DroDirections directions = directions(model, used, under, start);
      TrainingResult result =
          TrainingLoop.<DroRow>builder(settings.training())
              .task("dro")
              .fingerprint(model.hash() + " " + data + " " + settings.toMap())
              .length(r -> r.request().encoded().ids().length)
              .build()
              .run(rows, new DroObjective(trained, directions), progress);
      Map<String, Object> metrics =
          Map.of("loss", result.finalLoss(), "steps", result.steps(), "prompts", used.size());
      return Tuning.of(
          trained.snapshot(from(model, data, metrics)),
          "DRO on %d of %d prompts, %d steps"
              .formatted(used.size(), prompts.size(), result.steps()),
          result,
          usable.unused());
    }
  }

  private DroDirections directions(
      LanguageModel model, List<GuardPrompt> prompts, List<int[]> under, float[][] start) {
    List<int[]> bare = prompts.stream().map(p -> model.tokenizer().encode(p.prompt())).toList();
    int n = prompts.size();
    float[][] features = Arrays.copyOf(Features.of(model, bare), 2 * n);
    System.arraycopy(start, 0, features, n, n);
    List<int[]> both = new ArrayList<>(bare);
    both.addAll(under);
    List<Completion> answers = model.generateIds(both, Generation.greedy(settings.replyTokens()));
    List<RefusalVerdict> verdicts =
        settings
            .judge()
            .judgeAll(
                IntStream.range(0, 2 * n)
                    .mapToObj(i -> prompts.get(i % n).prompt().last().text())
                    .toList(),
                answers.stream().map(Completion::text).toList());
    boolean[] refused = new boolean[2 * n];
    boolean[] harmful = new boolean[2 * n];
    for (int i = 0; i < 2 * n; i++) {
      refused[i] = verdicts.get(i).isRefusal();
      harmful[i] = prompts.get(i % n).harmful();
    }
    return DroDirections.fit(features, refused, harmful, COMPONENTS);
  }

  private Provenance from(LanguageModel model, String data, Map<String, Object> metrics) {
    return new Provenance(
        "dro",
        settings.toMap(),
        settings.training().seed(),
        Map.of("model", model.hash(), "prompts", data),
        metrics);
  }
}
