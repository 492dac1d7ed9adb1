package org.alignment4j.actor;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.alignment4j.RepresentationTuner;
import org.alignment4j.Tuning;
import org.alignment4j.actor.ActorPrompts.PromptClass;
import org.alignment4j.actor.ProbeReport.LayerScore;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.OverRefusal.OverRefusalReport;
import org.alignment4j.evaluation.OverRefusal.OverRefusalReport.BeforeAfter;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.safety.Attack;
import org.alignment4j.safety.ReleaseGate;
import org.alignment4j.safety.ReleaseGate.Limits;
import org.alignment4j.train.TrainingResult;
import org.jspecify.annotations.Nullable;

/**
 * ACTOR: tunes one block so that harmless prompts are no longer refused while harmful ones still
 * are ("Just Enough Shifts", ICML 2025, arXiv 2507.04250). The block is trained on its own cached
 * inputs with a loss on its output at the last prompt token; nothing else of the model changes.
 * Immutable; one tuning runs at a time per process.
 */
public final class ActorTuner implements RepresentationTuner<ActorPrompts, TunedBlock> {
  private final ActorSettings settings;

  /** A tuner with these settings. */
  public ActorTuner(ActorSettings settings) {
    this.settings = settings;
  }

  /** Returns a builder with the defaults. */
  public static ActorSettings.Builder<ActorTuner> builder() {
    return new ActorSettings.Builder<>(ActorTuner::new);
  }

  /** The settings. */
  public ActorSettings settings() {
    return settings;
  }

  /**
   * {@inheritDoc}
   *
   * <p>With a gate, a model that refuses none of the gate's safe prompts is not tuned: the outcome
   * is {@link org.alignment4j.Tuning.Outcome#NOTHING_TO_DO}, before any step.
   */
  @Override
  public ActorTuning tune(LanguageModel model, ActorPrompts data, ProgressListener progress) {
    require(data != null, "no data to tune on");
    return new PromptTuning(model, settings, data, progress).run();
  }

  /**
   * Token sequences to tune on with a given direction, for experiments and for models without a
   * tokenizer.
   *
   * @param ids of the prompts
   * @param classes class of each sequence
   * @param direction R [D]
   * @param benignMean m+ [D]; read by {@link ActorSettings.Target#CENTRED} only
   */
  public record Sequences(
      List<int[]> ids, List<PromptClass> classes, double[] direction, double[] benignMean) {
    /**
     * @throws IllegalArgumentException if there are none, or their number is not that of the
     *     classes
     */
    public Sequences {
      ids = List.copyOf(ids);
      classes = List.copyOf(classes);
      require(!ids.isEmpty(), "no sequences");
      require(ids.size() == classes.size(), "%s sequences, %s classes", ids.size(), classes.size());
    }
  }

  /**
   * Tunes on token sequences, without a safety gate.
   *
   * @throws IllegalArgumentException if the settings have a gate or no layer
   */
  public ActorTuning tuneIds(LanguageModel model, Sequences sequences, ProgressListener progress) {
    require(settings.gate() == null, "the gate needs prompts; build the tuner with noGate()");
    Layer layer = settings.layer();
    if (layer == null) {
      throw new IllegalArgumentException("tuneIds needs a layer");
    }
    BlockTask task =
        BlockTask.of(
            layer,
            sequences.ids(),
            sequences.classes(),
            new RefusalAxis(sequences.direction(), sequences.benignMean()));
    return new BlockTuning(model, settings, progress).run(task);
  }

  /**
   * Result of an ACTOR tuning.
   *
   * @param adapter the tuned block; the base's own weights unless the outcome is {@code CHANGED}
   * @param outcome whether a state of the block met the gate's conditions; {@code NOTHING_TO_DO} if
   *     the model refuses none of the gate's safe prompts, so that nothing was tried
   * @param reason why the tuning ended as it did
   * @param report refusals on the gate's prompts, before and after; zero prompts without a gate
   * @param layerScores measurements of every layer before tuning; empty if nothing was tried
   * @param probe evidence of how well the direction works; empty if nothing was tried or the
   *     direction was given
   * @param contrast refusal of the gate's contrast prompts before and after; empty without such
   *     prompts or without a gate
   * @param training steps, losses, and the gate's measurements during training
   */
  public record ActorTuning(
      TunedBlock adapter,
      Outcome outcome,
      String reason,
      OverRefusalReport report,
      List<LayerScore> layerScores,
      Optional<ProbeReport> probe,
      Optional<BeforeAfter> contrast,
      TrainingResult training)
      implements Tuning<TunedBlock> {
    /** Copies the list. */
    public ActorTuning {
      layerScores = List.copyOf(layerScores);
    }
  }

  /**
   * Probe steering, a method of ours against over-refusal that trains nothing: logistic probes at
   * several layers tell contrast prompts from pseudo-harmful ones, and at the last prompt token the
   * mean of their clipped log-odds adds or takes away, at the last layers, the difference of
   * prompts that the model refuses and of those that it answers ({@link
   * org.alignment4j.steering.ConditionalSteering#probed}). What takes refusals away has harmful
   * prompts under attacks among its positive examples, too: probes call harmless what they never
   * saw. A {@link ReleaseGate} measures the held-out prompts, under other attacks, and nothing is
   * changed unless it accepts. ACTOR tunes one block by the same prompts; this keeps the two apart
   * better where their states can be told apart. Immutable; thread-safe if the judge is.
   */
  public static final class ProbeSteering implements RepresentationTuner<ActorPrompts, GatedEdit> {
    private final ProbeSteering.Settings settings;

    /** A tuner with these settings. */
    public ProbeSteering(ProbeSteering.Settings settings) {
      this.settings = settings;
    }

    /** The settings. */
    public ProbeSteering.Settings settings() {
      return settings;
    }

    /**
     * {@inheritDoc}
     *
     * <p>Answers of the model itself are judged; prompts need contrast prompts. A model that
     * refuses none of the pseudo-harmful prompts is not changed.
     *
     * @throws IllegalArgumentException if there are no contrast prompts
     */
    @Override
    public SteeringTuning tune(LanguageModel model, ActorPrompts data, ProgressListener progress) {
      require(data != null, "no data to tune on");
      return new SteeringFit(model, settings, data, progress).run();
    }

    /**
     * Settings. Depths are shares of the blocks.
     *
     * @param probed depths of the probed layers, in (0, 1]
     * @param changed depth from which on, up to the last block but one, states are changed; not
     *     below a probed one
     * @param l2 of the logistic regressions
     * @param alpha factor of the difference of refused and answered prompts
     * @param sooner taken off the log-odds of what takes refusals away, in nats, ascending: higher
     *     takes away more. Of several the largest is chosen with which no more than {@code lost} of
     *     the contrast prompts, each asked with an edit fitted to the others, is refused no more
     * @param lost share of the contrast prompts, in [0, 1]
     * @param attacks on the harmful prompts that the probes see; none for probes that only tell
     *     plain prompts apart, which break under attack
     * @param gateAttacks attacks on the held-out prompts in the release gate
     * @param gate whether there is a release gate
     * @param tokens maximum number of tokens of a judged answer
     * @param judge of answers
     */
    public record Settings(
        List<Double> probed,
        double changed,
        double l2,
        double alpha,
        List<Double> sooner,
        double lost,
        List<Attack> attacks,
        List<Attack> gateAttacks,
        boolean gate,
        int tokens,
        RefusalJudge judge) {
      /**
       * Chosen on held-out tuning prompts of SmolLM2-135M-Instruct (docs/over-refusal.md): probes
       * at .53, .6, .73 and .9 of the depth, changes from .9 on, l2 .3, alpha 2, sooner .75. Of
       * several values of {@code sooner}, at most .05 may be lost.
       */
      public static final ProbeSteering.Settings DEFAULT =
          new ProbeSteering.Settings(
              List.of(0.53, 0.6, 0.73, 0.9),
              0.9,
              0.3,
              2,
              List.of(0.75),
              0.05,
              List.of(
                  Attack.BASE64_INPUT_ONLY,
                  Attack.ROT13,
                  Attack.STYLE_JSON,
                  Attack.POEM,
                  Attack.DISTRACTORS,
                  Attack.EVIL_CONFIDANT,
                  Attack.STYLE_SHORT,
                  Attack.DISEMVOWEL),
              List.of(Attack.PREFIX_INJECTION, Attack.REFUSAL_SUPPRESSION, Attack.LEETSPEAK),
              true,
              12,
              new StringRefusalJudge());

      /** Checks the ranges. */
      public Settings {
        probed = List.copyOf(probed);
        sooner = List.copyOf(sooner);
        attacks = List.copyOf(attacks);
        gateAttacks = List.copyOf(gateAttacks);
        require(!probed.isEmpty(), "no probed layers");
        for (double share : probed) {
          require(share > 0 && share <= 1, "a depth must be in (0, 1], was %s", share);
          require(share <= changed, "probed at %s, changed from %s on", share, changed);
        }
        require(changed <= 1, "a depth must be in (0, 1], was %s", changed);
        require(l2 >= 0 && Double.isFinite(l2), "l2 must be >= 0, was %s", l2);
        require(Double.isFinite(alpha), "alpha must be finite, was %s", alpha);
        require(
            !sooner.isEmpty()
                && sooner.stream().allMatch(Double::isFinite)
                && sooner.equals(sooner.stream().sorted().toList()),
            "sooner must be finite numbers in ascending order, was %s",
            sooner);
        require(lost >= 0 && lost <= 1, "lost must be in [0, 1], was %s", lost);
        require(tokens >= 1, "tokens must be >= 1, was %s", tokens);
      }

      /** The same without a release gate, for experiments that measure on their own. */
      public ProbeSteering.Settings ungated() {
        return new ProbeSteering.Settings(
            probed, changed, l2, alpha, sooner, lost, attacks, List.of(), false, tokens, judge);
      }

      /** The same with other shifts of what takes refusals away. */
      public ProbeSteering.Settings withSooner(List<Double> others) {
        return new ProbeSteering.Settings(
            probed, changed, l2, alpha, others, lost, attacks, gateAttacks, gate, tokens, judge);
      }

      /** The same with other attacks for the probes. */
      public ProbeSteering.Settings withAttacks(List<Attack> others) {
        return new ProbeSteering.Settings(
            probed, changed, l2, alpha, sooner, lost, others, gateAttacks, gate, tokens, judge);
      }

      /** Returns the numbers by name. */
      public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("probed", probed);
        map.put("changed", changed);
        map.put("l2", l2);
        map.put("alpha", alpha);
        map.put("sooner", sooner);
        map.put("lost", lost);
        map.put("attacks", attacks.stream().map(Attack::name).toList());
        map.put("tokens", tokens);
        return map;
      }
    }

    /**
     * Result of probe steering.
     *
     * @param adapter the edit; one that adds nothing unless the outcome is {@code CHANGED}
     * @param outcome whether the gate accepted it
     * @param reason why
     * @param report what the gate measured; empty without one, or if nothing was fitted
     * @param training no steps; the seconds that it took
     */
    public record SteeringTuning(
        GatedEdit adapter,
        Outcome outcome,
        String reason,
        Optional<ReleaseGate.Report> report,
        TrainingResult training)
        implements Tuning<GatedEdit> {}
  }

  /**
   * A search for an ablation in the weights that lets a model answer more safe prompts: over the
   * direction (of false refusals, with more or less of the true refusals' taken out of it), the
   * layer it is read at, and how much of it is taken out of what each block's attention and MLP
   * write, under the condition that harmful prompts are still refused and answers to benign ones
   * stay as they are. Random candidates, each measured on a few prompts, the best third of them on
   * three times as many, and so on (successive halving). The result is a LoRA of rank one per
   * matrix. Ours; a kernel over the layers and a direction between layers are known from programs
   * that take refusals away. In families that normalise a block's output before adding it (Gemma 2)
   * what is written is changed before that norm. Immutable; thread-safe if the judge is.
   *
   * <p>The condition is measured on some of the prompts that it is given: check the result with a
   * {@link org.alignment4j.safety.ReleaseGate} on others, under attacks, too.
   */
  public static final class AblationSearch {
    private final AblationSearch.Settings settings;
    private final RefusalJudge judge;

    /** A search that matches refusal phrases. */
    public AblationSearch(AblationSearch.Settings settings) {
      this(settings, new StringRefusalJudge());
    }

    /** A search with a judge of answers. */
    public AblationSearch(AblationSearch.Settings settings, RefusalJudge judge) {
      this.settings = settings;
      this.judge = judge;
    }

    /**
     * Settings.
     *
     * @param candidates number of candidates, 2 or more
     * @param firstPrompts prompts of each class in the first round, 1 or more; three times as many
     *     in each further one
     * @param limits of what is lost, and the length of answers
     * @param seed of the candidates
     */
    public record Settings(int candidates, int firstPrompts, Limits limits, long seed) {
      /** 48 candidates, 8 prompts, 2 %, 0.5 nats and answers of 12 tokens. */
      public static final AblationSearch.Settings DEFAULT =
          new AblationSearch.Settings(48, 8, new Limits(0.02, 0.02, 0.5, 1.5, 0.05, 2, 12), 1);

      /**
       * @throws IllegalArgumentException if a setting is out of its range
       */
      public Settings {
        require(candidates >= 2, "candidates must be >= 2, was %s", candidates);
        require(firstPrompts >= 1, "firstPrompts must be >= 1, was %s", firstPrompts);
      }

      /** Returns the settings by name. */
      public Map<String, Object> toMap() {
        return Map.of(
            "candidates", candidates,
            "first_prompts", firstPrompts,
            "harmful_loss", limits.harmfulLoss(),
            "divergence", limits.divergence(),
            "tokens", limits.tokens());
      }
    }

    /**
     * Prompts: every second one of a class is for directions, the others for measuring.
     *
     * @param fitSafe prompts to be answered that look harmful
     * @param fitHarmful prompts to be refused
     * @param fitBenign plain prompts
     * @param safe the first ones' counterpart for measuring
     * @param harmful of the second ones
     * @param benign of the third ones
     */
    public record Prompts(
        List<Prompt> fitSafe,
        List<Prompt> fitHarmful,
        List<Prompt> fitBenign,
        List<Prompt> safe,
        List<Prompt> harmful,
        List<Prompt> benign) {
      /**
       * Divides each class.
       *
       * @throws IllegalArgumentException if a class has less than two prompts
       */
      public static Prompts of(List<Prompt> safe, List<Prompt> harmful, List<Prompt> benign) {
        List<List<Prompt>> a = SearchRun.halves(safe);
        List<List<Prompt>> b = SearchRun.halves(harmful);
        List<List<Prompt>> c = SearchRun.halves(benign);
        return new Prompts(a.get(0), b.get(0), c.get(0), a.get(1), b.get(1), c.get(1));
      }
    }

    /**
     * How much is taken out at each block: the most at one depth, linearly less up to a distance,
     * nothing beyond.
     *
     * @param peak depth of the most, as a share of the blocks, 0 to 1
     * @param highest weight there; 1 takes the whole component out
     * @param lowest weight at the distance
     * @param reach the distance, as a share of the blocks
     */
    public record Kernel(double peak, double highest, double lowest, double reach) {
      /** The weight at a layer of a model. */
      public double weight(Layer layer, int blocks) {
        double away = Math.abs(layer.index() - Math.max(1, peak * blocks)) / blocks;
        double within = Math.max(reach, 0.5 / blocks); // the nearest block at least
        return away > within ? 0 : highest + (lowest - highest) * away / within;
      }
    }

    /**
     * A candidate.
     *
     * @param direction depth at which the direction is read, 0 the first and 1 the last of those
     *     searched; between two layers the directions are mixed
     * @param spared how much of the true refusals' unit direction is taken out of the false
     *     refusals' one before
     * @param attention weights of what attention writes
     * @param mlp weights of what MLPs write
     */
    public record Candidate(double direction, double spared, Kernel attention, Kernel mlp) {
      /** Returns the numbers by name. */
      public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("direction", direction);
        map.put("spared", spared);
        map.put("attention", attention.toString());
        map.put("mlp", mlp.toString());
        return map;
      }
    }

    /**
     * A candidate measured.
     *
     * @param number the candidate's, from 0
     * @param candidate the candidate
     * @param prompts number of prompts of each class, or all of one that has fewer
     * @param safeRefused share of safe prompts that are not answered
     * @param harmfulRefused share of harmful prompts that are refused
     * @param divergence KL(changed || unchanged) on answers to benign prompts, nats per token
     * @param violation how far the limits are exceeded; 0 if they are kept
     * @param boundBy the first limit that is not kept; empty if all are
     */
    public record Trial(
        int number,
        Candidate candidate,
        int prompts,
        double safeRefused,
        double harmfulRefused,
        double divergence,
        double violation,
        String boundBy) {}

    /**
     * What was found.
     *
     * @param adapter the best candidate's LoRA; null if none keeps the limits and helps
     * @param trials all measurements, in order
     * @param reason which candidate, or why none
     */
    public record Result(@Nullable LoraAdapter adapter, List<Trial> trials, String reason) {}

    /**
     * Searches.
     *
     * @param finished trials of an interrupted search with the same settings, model and prompts,
     *     which are not repeated
     * @param listener receives each new trial
     * @throws org.alignment4j.core.CancelledException if the thread is interrupted
     */
    public Result run(
        LanguageModel model,
        Prompts prompts,
        List<Trial> finished,
        Consumer<Trial> listener,
        ProgressListener progress) {
      return new SearchRun(model, settings, judge, prompts, finished, listener, progress).run();
    }
  }
}
