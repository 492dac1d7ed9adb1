package org.alignment4j.examples.cli.evaluate;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Prompts;
import org.alignment4j.data.Prompts.PromptRow;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.AnswerTokens;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.EngineOptions;
import org.alignment4j.examples.cli.option.HarmfulFile;
import org.alignment4j.examples.cli.option.ModelOption;
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
      EvaluateBenchmark.class,
      EvaluateCommand.OverRefusalOf.class,
      EvaluateRelease.class,
      EvaluatePreferences.class,
      EvaluateMoral.class
    })
public final class EvaluateCommand {

  /** Refusals of safe and of harmful prompts, without and with an adapter. */
  @Command(
      name = "over-refusal",
      description =
          "Measures refusals of safe and of harmful prompts, before (the model) and after (with"
              + " the adapter; without one, the same figures twice), which prompts changed, and"
              + " ACTOR's"
              + " scores: compliance (C.R.), safety (S.S.) and their mean (T.S.), in percent.")
  static final class OverRefusalOf extends AlignCommand {
    @Mixin private ModelOption model = new ModelOption();

    @Option(names = "--adapter", paramLabel = "DIR", description = "folder of an adapter")
    @CheckedPath(CheckedPath.Kind.FOLDER)
    private @Nullable Path adapter;

    @Mixin private EngineOptions engine = new EngineOptions();

    @Option(
        names = "--safe",
        required = true,
        paramLabel = "FILE",
        description = "prompts to be answered; may be repeated, for a C.R. of each set")
    @CheckedPath(CheckedPath.Kind.FILE)
    private List<Path> safe = List.of();

    @Mixin private HarmfulFile harmful = new HarmfulFile();

    @Mixin private AnswerTokens tokens = new AnswerTokens();

    @Override
    public Outcome run(ProgressListener progress) {
      Map<String, List<PromptRow>> safeRows = new LinkedHashMap<>();
      safe.forEach(file -> safeRows.put(file.toString(), Prompts.read(file)));
      List<PromptRow> harmfulRows = Prompts.read(harmful.get());
      RefusalComparison judge = new RefusalComparison(tokens.max());
      Adapter applied = adapter == null ? null : Adapter.load(adapter);
      try (LanguageModel base = engine.load(model.get())) {
        RefusalComparison.Compared found;
        if (applied == null) {
          found = judge.compare(base, base, safeRows, harmfulRows, progress);
        } else {
          try (LanguageModel tuned = base.with(applied)) {
            found = judge.compare(base, tuned, safeRows, harmfulRows, progress);
          }
        }
        return Outcome.passed(found.toMap(), found.text());
      }
    }
  }
}
