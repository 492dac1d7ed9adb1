package org.alignment4j.sysformer;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.alignment4j.GuardedChat;
import org.alignment4j.RepresentationTuner;
import org.alignment4j.Tuning;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.chat.Role;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.evaluation.OverRefusal.ComplianceSummary.RefusalGap;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.RefusalJudge.RefusalTally;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.SysformerSettings.LossWeights;
import org.alignment4j.train.TrainingLoop;
import org.alignment4j.train.TrainingResult;
import org.alignment4j.train.TrainingSettings;
import org.jspecify.annotations.Nullable;

/**
 * Trains a Sysformer, or a SystemEmbedder, for a frozen model (section 3 of the Sysformer paper,
 * arXiv 2506.15751). The model's weights are never changed. Immutable and thread-safe, but one
 * training runs at a time in a process.
 */
public final class SysformerTuner
    implements RepresentationTuner<List<SysformerTuner.GuardPrompt>, Sysformer> {
  private final SysformerSettings settings;

  /** A tuner with these settings. */
  public SysformerTuner(SysformerSettings settings) {
    this.settings = settings;
  }

  /** Returns a builder with the defaults. */
  public static SysformerSettings.Builder<SysformerTuner> builder() {
    return new SysformerSettings.Builder<>(SysformerTuner::new);
  }

  /** The settings. */
  public SysformerSettings settings() {
    return settings;
  }

  /**
   * Returns an untrained Sysformer, which changes nothing yet.
   *
   * @throws IllegalArgumentException if the system prompt has no token of its own in the template
   */
  public Sysformer initial(LanguageModel model) {
    int inner = settings.inner() == 0 ? model.config().width() : settings.inner();
    Sysformer.Shape shape = new Sysformer.Shape(settings.layers(), model.config().heads(), inner);
    return Sysformer.initial(
        model,
        settings.systemText(),
        shape,
        settings.training().seed(),
        provenance(model, "", Map.of()));
  }

  /**
   * Trains on harmful and harmless prompts.
   *
   * @param prompts at least one to refuse and one to answer, in any order
   * @throws IllegalArgumentException if no harmful or no harmless prompt is usable; prompts that
   *     are too long for the context are left out
   */
  @Override
  public Tuning<Sysformer> tune(
      LanguageModel model, List<GuardPrompt> prompts, ProgressListener progress) {
    GuardPrompt.requireBothKinds(prompts);
    RequestEncoder encoder = new RequestEncoder(model.tokenizer(), settings.systemText());
    List<Targets.Target> targets = Targets.of(model, encoder, prompts, settings);
    RequestEncoder.Usable usable = encoder.usable(model, prompts, targets);
    List<GuardRow> rows = usable.rows();
    long harmful = rows.stream().filter(GuardRow::harmful).count();
    LossWeights weights = settings.weights().perRequest(harmful, rows.size() - harmful);
    String data = Hashes.sha256(prompts.stream().map(p -> p.harmful() + " " + p.prompt()).toList());
    TrainingSettings how = settings.training();
    try (NativeSysformer trained = new NativeSysformer(model, initial(model), true)) {
      TrainingResult result =
          TrainingLoop.<GuardRow>builder(how)
              .task(method())
              .fingerprint(model.hash() + " " + data + " " + settings.toMap())
              .length(r -> r.encoded().ids().length)
              .build()
              .run(rows, new GuardObjective(trained, weights), progress);
      Map<String, Object> metrics =
          Map.of("loss", result.finalLoss(), "steps", result.steps(), "prompts", rows.size());
      return Tuning.of(
          trained.snapshot(provenance(model, data, metrics)),
          "%s on %d of %d prompts, %d steps"
              .formatted(method(), rows.size(), prompts.size(), result.steps()),
          result,
          usable.unused());
    }
  }

  /**
   * Returns the target response of each prompt, for baselines trained on the same targets: the
   * refusal, the affirmation, or the model's own response. Empty for a prompt that {@link #tune}
   * leaves out because it has no target.
   */
  public List<Optional<String>> targets(LanguageModel model, List<GuardPrompt> prompts) {
    RequestEncoder encoder = new RequestEncoder(model.tokenizer(), settings.systemText());
    return Targets.of(model, encoder, prompts, settings).stream()
        .map(t -> Optional.ofNullable(t.text()))
        .toList();
  }

  private String method() {
    return settings.layers() == 0 ? "system embedder" : "sysformer";
  }

  private Provenance provenance(LanguageModel model, String data, Map<String, Object> metrics) {
    return new Provenance(
        method(),
        settings.toMap(),
        settings.training().seed(),
        Map.of("model", model.hash(), "prompts", data),
        metrics);
  }

  /**
   * Trains a Sysformer under several settings and chooses the best by refusals on validation
   * prompts. Immutable; one run at a time in a process.
   */
  public static final class Grid {
    private final List<SysformerSettings> tried;
    private final RefusalJudge judge;
    private final Generation generation;

    /**
     * A grid.
     *
     * @param settings at least one
     * @param judge the judge of responses
     * @param generation settings to generate responses to the validation prompts
     */
    public Grid(List<SysformerSettings> settings, RefusalJudge judge, Generation generation) {
      require(!settings.isEmpty(), "the grid is empty");
      this.tried = List.copyOf(settings);
      this.judge = judge;
      this.generation = generation;
    }

    /**
     * Outcome of one setting.
     *
     * @param validation refusals on the validation prompts
     * @param seconds duration of training
     */
    public record Trial(SysformerSettings settings, RefusalGap validation, double seconds) {}

    /**
     * Outcome of a grid.
     *
     * @param trials in the order of the settings
     * @param best index of the chosen trial: the one with the highest delta-RR, of ties the first
     * @param tuning of the chosen one
     */
    public record Choice(List<Trial> trials, int best, Tuning<Sysformer> tuning) {
      /** Copies the list. */
      public Choice {
        trials = List.copyOf(trials);
      }
    }

    /**
     * Returns the paper's grid around some settings (section 4): learning rates of 1e-4 and 1e-5,
     * 10 and 20 epochs, compliance weights of 0, 0.2, 0.5 and 1, classification and reconstruction
     * on and off; 64 in all. With a compliance weight of 0 a guard learns to refuse everything: it
     * is the paper's negative control and cannot win.
     */
    public static List<SysformerSettings> paper(SysformerSettings base) {
      List<SysformerSettings> all = new ArrayList<>();
      for (double rate : new double[] {1e-4, 1e-5}) {
        for (int epochs : new int[] {10, 20}) {
          TrainingSettings training =
              base.training().toBuilder().learningRate(rate).epochs(epochs).build();
          all.addAll(weights(base.toBuilder().training(training).build()));
        }
      }
      return all;
    }

    /**
     * Returns the paper's grid of weights only, 16 settings in all, with the given learning rate
     * and epochs.
     */
    public static List<SysformerSettings> weights(SysformerSettings base) {
      List<SysformerSettings> all = new ArrayList<>();
      for (double compliance : new double[] {0, 0.2, 0.5, 1}) {
        for (double classification : new double[] {0, 1}) {
          for (double reconstruction : new double[] {0, 1}) {
            LossWeights w = new LossWeights(1, compliance, classification, reconstruction);
            all.add(base.toBuilder().weights(w).build());
          }
        }
      }
      return all;
    }

    /**
     * Trains under all settings and chooses the best.
     *
     * @param train harmful and harmless prompts
     * @param validation other harmful and harmless prompts
     */
    public Choice run(
        LanguageModel model,
        List<GuardPrompt> train,
        List<GuardPrompt> validation,
        ProgressListener progress) {
      GuardPrompt.requireBothKinds(validation);
      List<Trial> trials = new ArrayList<>();
      List<RefusalGap> gaps = new ArrayList<>();
      @Nullable Tuning<Sysformer> chosen = null;
      for (SysformerSettings s : tried) {
        Tuning<Sysformer> tuning = new SysformerTuner(s).tune(model, train, progress);
        gaps.add(gap(model, tuning.adapter(), validation));
        trials.add(new Trial(s, gaps.get(trials.size()), tuning.training().seconds()));
        if (best(gaps) == trials.size() - 1) {
          chosen =
              tuning; // of the others only the figures are kept: a large model's Sysformers take
          // gigabytes
        }
        progress.step("grid", trials.size(), tried.size());
      }
      return new Choice(trials, best(gaps), Objects.requireNonNull(chosen));
    }

    /**
     * Returns the index of the highest difference, of ties the first; NaN without prompts of a
     * class is never chosen.
     */
    static int best(List<RefusalGap> gaps) {
      int best = 0;
      for (int i = 1; i < gaps.size(); i++) {
        if (gaps.get(i).difference() > gaps.get(best).difference()) {
          best = i;
        }
      }
      return best;
    }

    private RefusalGap gap(LanguageModel model, Sysformer sysformer, List<GuardPrompt> prompts) {
      List<Prompt> harmful = kind(prompts, true);
      List<Prompt> safe = kind(prompts, false);
      try (SysformerGuard guard = new SysformerGuard(model, sysformer)) {
        GuardedChat chat = new GuardedChat(model, guard, generation, "");
        return new RefusalGap(tally(chat, harmful).refusal(), tally(chat, safe).nonCompliance());
      }
    }

    private static List<Prompt> kind(List<GuardPrompt> prompts, boolean harmful) {
      return prompts.stream().filter(p -> p.harmful() == harmful).map(GuardPrompt::prompt).toList();
    }

    private RefusalTally tally(GuardedChat chat, List<Prompt> prompts) {
      return RefusalTally.of(
          judge,
          prompts.stream().map(p -> p.last().text()).toList(),
          chat.replyAll(prompts).stream().map(GuardedChat.Reply::text).toList());
    }
  }

  /**
   * A training prompt of a guard.
   *
   * @param prompt the conversation, ending with a user message and without a system message
   * @param harmful whether it should be refused
   */
  public record GuardPrompt(Prompt prompt, boolean harmful) {
    /**
     * @throws IllegalArgumentException if the prompt ends otherwise or has a system message
     */
    public GuardPrompt {
      require(!prompt.endsWithResponse(), "the prompt must end with a user message");
      for (Message m : prompt.messages()) {
        require(
            m.role() != Role.SYSTEM, "the prompt must have no system message: the guard sets it");
      }
    }

    /** A single user message to refuse. */
    public static GuardPrompt harmful(String text) {
      return new GuardPrompt(Prompt.user(text), true);
    }

    /** A single user message to answer. */
    public static GuardPrompt harmless(String text) {
      return new GuardPrompt(Prompt.user(text), false);
    }

    static void requireBothKinds(List<GuardPrompt> prompts) {
      require(prompts != null, "prompts must not be null");
      require(prompts.stream().anyMatch(GuardPrompt::harmful), "no harmful prompt to refuse");
      require(!prompts.stream().allMatch(GuardPrompt::harmful), "no harmless prompt to answer");
    }
  }
}
