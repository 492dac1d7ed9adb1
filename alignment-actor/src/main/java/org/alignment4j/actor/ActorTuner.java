package org.alignment4j.actor;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.List;
import java.util.Optional;
import org.alignment4j.RepresentationTuner;
import org.alignment4j.Tuning;
import org.alignment4j.actor.ActorPrompts.PromptClass;
import org.alignment4j.actor.ProbeReport.LayerScore;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.OverRefusal.OverRefusalReport;
import org.alignment4j.evaluation.OverRefusal.OverRefusalReport.BeforeAfter;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.train.TrainingResult;

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
}
