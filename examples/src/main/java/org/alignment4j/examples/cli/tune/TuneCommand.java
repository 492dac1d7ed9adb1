package org.alignment4j.examples.cli.tune;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.alignment4j.Tuning;
import org.alignment4j.actor.ActorPrompts;
import org.alignment4j.actor.ActorTuner.ActorTuning;
import org.alignment4j.actor.ProbeReport;
import org.alignment4j.actor.ProbeReport.LayerScore;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.evaluate.RefusalComparison;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.ModelOptions;
import org.alignment4j.examples.cli.option.OutputFolder;
import org.alignment4j.examples.cli.output.PairedText;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The tuning methods. */
@Command(
    name = "tune",
    description = "Tunes a model by a representation method or a baseline.",
    mixinStandardHelpOptions = true,
    subcommands = {
      TuneCommand.Actor.class,
      TuneProbeSteering.class,
      TuneEdit.class,
      TuneSearch.class,
      TuneReversed.class,
      TunePreferences.Scit.class,
      TunePreferences.Dual.class,
      TunePreferences.Lorra.class,
      TunePreferences.Dpo.class,
      TunePreferences.Hir.class,
      TunePreferences.Sft.class,
      TunePreferences.Extrapolation.class,
      TunePreferences.CircuitBreakers.class,
      TuneLoreft.class
    })
public final class TuneCommand {

  /** Tunes one block against over-refusal. */
  @Command(
      name = "actor",
      description = {
        "ACTOR: tunes one block so that harmless prompts are no longer refused while harmful ones"
            + " still are, and writes it to --out.",
        "A fifth of the harmful, the pseudo-harmful and the contrast prompts is held out for the"
            + " safety gate."
      })
  static final class Actor extends AlignCommand {
    @Mixin private ModelOptions model = new ModelOptions();
    @Mixin private ActorOptions actor = new ActorOptions();

    @Mixin private TunedPrompts tuned = new TunedPrompts();

    @Mixin private OutputFolder out = new OutputFolder();

    @Option(
        names = "--merge",
        paramLabel = "DIR",
        description = "also write the full checkpoint with the tuned block merged")
    @CheckedPath(CheckedPath.Kind.NEW_FOLDER)
    private @Nullable Path merge;

    @Override
    public Outcome run(ProgressListener progress) {
      ActorPrompts prompts = tuned.read(actor.seed());
      ActorTuning tuning = model.use(m -> actor.builder().build().tune(m, prompts, progress));
      if (tuning.outcome() == Tuning.Outcome.NOTHING_TO_DO) {
        return nothingToDo(tuning);
      }
      tuning.adapter().save(out.get());
      if (merge != null) {
        tuning.adapter().merge(model.path(), merge);
      }
      return outcome(tuning);
    }

    private static Outcome nothingToDo(ActorTuning tuning) {
      Map<String, @Nullable Object> json = new LinkedHashMap<>();
      json.put("adapter", null);
      json.put("changed", false);
      json.put("outcome", outcomeName(tuning));
      json.put("reason", tuning.reason());
      json.put("gate", tuning.report().toMap());
      json.put("steps", 0);
      return Outcome.passed(json, tuning.reason() + "\nnothing was tuned or written");
    }

    private static String outcomeName(ActorTuning tuning) {
      return tuning.outcome().name().toLowerCase(Locale.ROOT);
    }

    private Outcome outcome(ActorTuning tuning) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("adapter", out.get().toString());
      json.put("layer", tuning.adapter().layer().index());
      json.put("changed", tuning.changed());
      json.put("outcome", outcomeName(tuning));
      json.put("reason", tuning.reason());
      json.put("gate", tuning.report().toMap());
      tuning.contrast().ifPresent(c -> json.put("gate_contrast_refusal", c.toMap()));
      tuning.probe().ifPresent(p -> json.put("probe", p.toMap()));
      json.put("layers", tuning.layerScores().stream().map(LayerScore::toMap).toList());
      json.put("steps", tuning.training().steps());
      String text =
          (tuning.changed() ? "tuned" : "unchanged")
              + " block at "
              + tuning.adapter().layer()
              + " written to "
              + out.get()
              + "\n"
              + tuning.reason()
              + "\non the gate's held-out prompts, which the state was selected on:\n"
              + RefusalComparison.text(tuning.report())
              + tuning
                  .contrast()
                  .map(c -> "\ncontrast prompts refused: " + PairedText.of(c))
                  .orElse("");
      String warnings =
          tuning.probe().map(ProbeReport::warnings).orElse(List.of()).stream()
              .map(w -> "\nWARNING: " + w)
              .collect(Collectors.joining());
      return Outcome.passed(json, text + warnings);
    }
  }
}
