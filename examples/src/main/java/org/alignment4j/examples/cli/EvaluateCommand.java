package org.alignment4j.examples.cli;

import java.nio.file.Path;
import java.util.List;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.PromptRow;
import org.alignment4j.data.Prompts;
import org.alignment4j.evaluation.OverRefusalReport;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The evaluations. */
@Command(
    name = "evaluate",
    description = "Measures a model.",
    mixinStandardHelpOptions = true,
    subcommands = {
      EvaluateCommand.OverRefusalOf.class,
      EvaluatePreferences.class,
      EvaluateMoral.class
    })
final class EvaluateCommand {

  /** Refusals of safe and of harmful prompts, without and with an adapter. */
  @Command(
      name = "over-refusal",
      description =
          "Refusals of safe and of harmful prompts, before (the model) and after (with the"
              + " adapter; without one, the same figures twice).")
  static final class OverRefusalOf extends AlignCommand {
    @Option(
        names = "--model",
        required = true,
        paramLabel = "DIR",
        description = "Hugging Face checkpoint folder")
    @OnDisk(OnDisk.Place.FOLDER)
    private Path model = Path.of("");

    @Option(names = "--adapter", paramLabel = "DIR", description = "folder of an adapter")
    @OnDisk(OnDisk.Place.FOLDER)
    private @Nullable Path adapter;

    @Mixin private ThreadOptions threads = new ThreadOptions();

    @Option(
        names = "--safe",
        required = true,
        paramLabel = "FILE",
        description = "prompts to be answered")
    @OnDisk(OnDisk.Place.FILE)
    private Path safe = Path.of("");

    @Option(
        names = "--harmful",
        required = true,
        paramLabel = "FILE",
        description = "prompts to be refused")
    @OnDisk(OnDisk.Place.FILE)
    private Path harmful = Path.of("");

    @Option(
        names = "--max-tokens",
        paramLabel = "N",
        defaultValue = "64",
        description = "most tokens of an answer (default: ${DEFAULT-VALUE})")
    private int maxTokens;

    @Override
    Outcome run(ProgressListener progress) {
      threads.apply();
      List<PromptRow> safeRows = Prompts.read(safe);
      List<PromptRow> harmfulRows = Prompts.read(harmful);
      OverRefusal judge = new OverRefusal(maxTokens);
      Adapter applied = adapter == null ? null : Adapter.load(adapter);
      try (LanguageModel base = LanguageModel.load(model)) {
        OverRefusalReport report;
        if (applied == null) {
          report = judge.compare(base, base, safeRows, harmfulRows, progress);
        } else {
          try (LanguageModel tuned = base.with(applied)) {
            report = judge.compare(base, tuned, safeRows, harmfulRows, progress);
          }
        }
        return Outcome.passed(report.toMap(), OverRefusal.text(report));
      }
    }
  }
}
