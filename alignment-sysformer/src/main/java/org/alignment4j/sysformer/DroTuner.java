package org.alignment4j.sysformer;

import static org.alignment4j.core.Arguments.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.alignment4j.core.Hashes;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.RefusalVerdict;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.train.TrainingLoop;
import org.alignment4j.train.TrainingResult;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.train.TrainingSettings.Schedule;

/**
 * Directed representation optimization (DRO, Zheng et al. 2024, arXiv 2401.18018), a rival of the
 * Sysformer: a system prompt, the same for every request, whose embeddings are learned so that
 * harmful requests move towards where the model refuses and the others away from it. No answer is
 * trained on. Features are the last prompt token's states at the top layer, brought to unit root
 * mean square, which is ours. Immutable and thread-safe, but one training runs at a time in a
 * process.
 */
public final class DroTuner {
  /** The paper's. */
  private static final int COMPONENTS = 4;

  private final String systemText;
  private final TrainingSettings training;
  private final RefusalJudge judge;
  private final int replyTokens;

  private DroTuner(
      String systemText, TrainingSettings training, RefusalJudge judge, int replyTokens) {
    require(!systemText.isBlank(), "the system prompt is empty");
    require(replyTokens >= 1, "replyTokens must be 1 or more, was %s", replyTokens);
    this.systemText = systemText;
    this.training = training;
    this.judge = judge;
    this.replyTokens = replyTokens;
  }

  /**
   * A tuner with AdamW at a learning rate of 1e-3 in batches of 50 for 40 epochs, refusals judged
   * by {@link StringRefusalJudge} on 32 tokens.
   */
  public static DroTuner of(String systemText) {
    TrainingSettings training =
        TrainingSettings.builder()
            .epochs(40)
            .batchSize(50)
            .microBatchTokens(4096)
            .learningRate(1e-3)
            .schedule(Schedule.constant())
            .maxGradientNorm(1)
            .build();
    return new DroTuner(systemText, training, new StringRefusalJudge(), 32);
  }

  /** Steps, learning rate, batches, seed. */
  public TrainingSettings training() {
    return training;
  }

  /** The same with other steps, learning rate, batches, seed. */
  public DroTuner training(TrainingSettings settings) {
    return new DroTuner(systemText, settings, judge, replyTokens);
  }

  /**
   * The same with another judge of what the model refuses by itself.
   *
   * @param tokens of an answer that it is shown, at most
   */
  public DroTuner judge(RefusalJudge other, int tokens) {
    return new DroTuner(systemText, training, other, tokens);
  }

  /**
   * Finds the directions with and without the system prompt, then learns.
   *
   * @param prompts at least one to refuse and one to answer, in any order
   * @return a Sysformer of no layers
   * @throws IllegalArgumentException if nothing of a kind is there to learn from, or the model
   *     refuses none of the prompts, or all; prompts that are too long for the context are left out
   */
  public SysformerTuning tune(
      LanguageModel model, List<GuardPrompt> prompts, ProgressListener progress) {
    GuardPrompt.requireBothKinds(prompts);
    Requests requests = new Requests(model.tokenizer(), systemText);
    Requests.Usable usable = requests.usable(model, prompts, List.of());
    List<GuardRow> requested = usable.rows();
    List<GuardPrompt> used = usable.indices().stream().map(prompts::get).toList();
    String data = Hashes.sha256(prompts.stream().map(p -> p.harmful() + " " + p.prompt()).toList());
    SysformerShape shape = new SysformerShape(0, 1, 1);
    Sysformer initial =
        Sysformer.initial(model, systemText, shape, training.seed(), from(model, data, Map.of()));
    try (NativeSysformer trained = new NativeSysformer(model, initial, true)) {
      List<int[]> under = requested.stream().map(r -> r.encoded().ids()).toList();
      float[][] start = Features.of(model, under);
      List<DroRow> rows =
          IntStream.range(0, start.length)
              .mapToObj(i -> new DroRow(requested.get(i), start[i]))
              .toList();
      DroDirections directions = directions(model, used, under, start);
      TrainingResult result =
          TrainingLoop.<DroRow>builder(training)
              .task("dro")
              .fingerprint(model.hash() + " " + data + " " + settings())
              .length(r -> r.request().encoded().ids().length)
              .build()
              .run(rows, new DroObjective(trained, directions), progress);
      Map<String, Object> metrics =
          Map.of("loss", result.finalLoss(), "steps", result.steps(), "prompts", used.size());
      return new SysformerTuning(
          trained.snapshot(from(model, data, metrics)), result, usable.unused());
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
    List<Completion> answers = model.generateIds(both, Generation.greedy(replyTokens));
    List<RefusalVerdict> verdicts =
        judge.judgeAll(
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

  private Map<String, Object> settings() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("system_text", systemText);
    map.put("judge", judge.getClass().getSimpleName());
    map.put("reply_tokens", replyTokens);
    map.putAll(training.toMap());
    return map;
  }

  private Provenance from(LanguageModel model, String data, Map<String, Object> metrics) {
    return new Provenance(
        "dro",
        settings(),
        training.seed(),
        Map.of("model", model.hash(), "prompts", data),
        metrics);
  }
}
