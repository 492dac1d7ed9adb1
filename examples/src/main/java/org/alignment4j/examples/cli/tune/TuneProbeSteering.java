package org.alignment4j.examples.cli.tune;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.alignment4j.actor.ActorPrompts;
import org.alignment4j.actor.ActorTuner.ProbeSteering;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.ModelOptions;
import org.alignment4j.examples.cli.option.OutputFolder;
import org.alignment4j.examples.cli.option.SeedOption;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Probe steering against over-refusal. */
@Command(
    name = "probe-steering",
    description = {
      "Fits, without training, an edit of hidden states by which harmless prompts are no longer"
          + " refused while harmful ones still are, as probes tell them apart, and writes it to"
          + " --out as an adapter, if a release gate accepts it.",
      "It needs --contrast, --contrast-pairs or both. A fifth of the prompts is held out for the"
          + " gate, which asks them under attacks, too."
    })
final class TuneProbeSteering extends AlignCommand {
  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private TunedPrompts tuned = new TunedPrompts();
  @Mixin private SeedOption seed = new SeedOption(1);
  @Mixin private OutputFolder out = new OutputFolder();

  @Option(
      names = "--shift",
      paramLabel = "NATS",
      split = ",",
      description =
          "how far the log-odds of harm may be above 0 where a refusal is still taken away: lower"
              + " if the gate finds too many harmful prompts answered. Of several, in ascending"
              + " order, the largest with which few contrast prompts are answered, as held-out"
              + " tuning prompts show (default: 0.75)")
  private List<Double> shifts = List.of();

  @Override
  public Outcome run(ProgressListener progress) {
    ActorPrompts prompts = tuned.read(seed.get());
    ProbeSteering.Settings settings = ProbeSteering.Settings.DEFAULT;
    ProbeSteering tuner =
        new ProbeSteering(shifts.isEmpty() ? settings : settings.withSooner(shifts));
    var tuning = model.use(m -> tuner.tune(m, prompts, progress));
    if (tuning.changed()) {
      tuning.adapter().save(out.get());
    }
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("adapter", tuning.changed() ? out.get() : null);
    json.put("changed", tuning.changed());
    json.put("outcome", tuning.outcome().name().toLowerCase(Locale.ROOT));
    json.put("reason", tuning.reason());
    json.put("settings", tuner.settings().toMap());
    tuning.report().ifPresent(r -> json.put("gate", r.toMap()));
    json.put("seconds", tuning.training().seconds());
    String conditions =
        tuning
            .report()
            .map(
                r ->
                    r.conditions().stream()
                        .map(c -> (c.holds() ? "\n  holds  " : "\n  FAILS  ") + c)
                        .collect(Collectors.joining()))
            .orElse("");
    return Outcome.passed(
        json,
        (tuning.changed() ? "edit written to " + out.get() : "nothing was written")
            + "\n"
            + tuning.reason()
            + conditions);
  }
}
