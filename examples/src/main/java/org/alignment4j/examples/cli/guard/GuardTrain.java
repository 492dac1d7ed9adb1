package org.alignment4j.examples.cli.guard;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.Tuning;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Prompts;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.AttackList;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.ModelOptions;
import org.alignment4j.examples.cli.option.OutputFolder;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.DroTuner;
import org.alignment4j.sysformer.Sysformer;
import org.alignment4j.sysformer.SysformerSettings;
import org.alignment4j.sysformer.SysformerTuner;
import org.alignment4j.sysformer.SysformerTuner.GuardPrompt;
import org.alignment4j.train.TrainingResult.StepRecord;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains a system prompt, adaptive or static, for a frozen model. */
@Command(
    name = "train",
    description = {
      "Trains a rewrite of the system prompt's embeddings so that the model, which is not"
          + " changed, refuses harmful prompts and answers the others. Writes a folder.",
      "--method sysformer adapts to each request; embedder (the same losses) and dro train one"
          + " prompt for all. lora trains an adapter of the model on the same targets instead,"
          + " as a baseline."
    })
final class GuardTrain extends AlignCommand {
  /** The settings that are tried. */
  enum Grid {
    NONE,
    WEIGHTS,
    PAPER
  }

  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private HarmfulFiles harmful = new HarmfulFiles();

  @Option(
      names = "--harmless",
      required = true,
      split = ",",
      paramLabel = "FILE",
      description = "prompts to be answered; several separated by commas")
  @CheckedPath(CheckedPath.Kind.FILE)
  private List<Path> harmless = List.of();

  @Mixin private GuardTrainOptions options = new GuardTrainOptions();
  @Mixin private Wordings wordings = new Wordings();

  @Option(
      names = "--grid",
      paramLabel = "NAME",
      defaultValue = "NONE",
      description =
          "${COMPLETION-CANDIDATES}: train under the paper's 16 weights, or 64 weights, epochs and"
              + " rates, and choose on a fifth of the prompts (default: ${DEFAULT-VALUE})")
  private Grid grid = Grid.NONE;

  @Mixin private OutputFolder out = new OutputFolder();

  @Override
  public Outcome run(ProgressListener progress) {
    wordings.check();
    require(
        grid == Grid.NONE || options.method().hasLosses(),
        "%s has no grid",
        AttackList.name(options.method()));
    options.rejectUnused();
    List<String> toRefuse = read(harmful.get());
    List<String> toAnswer = read(harmless);
    return model.use(m -> train(m, toRefuse, toAnswer, progress));
  }

  private static List<String> read(List<Path> files) {
    List<String> all = new ArrayList<>();
    files.forEach(f -> all.addAll(Prompts.texts(Prompts.read(f))));
    return all;
  }

  private Outcome train(
      LanguageModel m, List<String> toRefuse, List<String> toAnswer, ProgressListener progress) {
    GuardPromptSplit split =
        GuardPromptSplit.of(toRefuse, toAnswer, wordings, options.seed(), grid != Grid.NONE);
    if (options.method() == GuardMethod.LORA) {
      return LoraBaseline.train(m, options, split.train(), out.get(), progress);
    }
    long start = System.nanoTime();
    SysformerTuner.Grid.Choice choice = grid == Grid.NONE ? null : choose(m, split, progress);
    Tuning<Sysformer> tuning = choice == null ? tune(m, split.train(), progress) : choice.tuning();
    tuning.adapter().save(out.get());
    return outcome(tuning, choice, split.train().size(), (System.nanoTime() - start) / 1e9);
  }

  private Tuning<Sysformer> tune(
      LanguageModel m, List<GuardPrompt> prompts, ProgressListener progress) {
    if (options.method() == GuardMethod.DRO) {
      return DroTuner.builder()
          .systemText(options.system())
          .training(options.training(DroTuner.Settings.builder().build().training()))
          .build()
          .tune(m, prompts, progress);
    }
    return new SysformerTuner(options.settings()).tune(m, prompts, progress);
  }

  private SysformerTuner.Grid.Choice choose(
      LanguageModel m, GuardPromptSplit split, ProgressListener progress) {
    SysformerSettings settings = options.settings();
    List<SysformerSettings> tried =
        grid == Grid.PAPER
            ? SysformerTuner.Grid.paper(settings)
            : SysformerTuner.Grid.weights(settings);
    Generation greedy = Generation.greedy(settings.replyTokens());
    return new SysformerTuner.Grid(tried, new StringRefusalJudge(), greedy)
        .run(m, split.train(), split.validation(), progress);
  }

  /**
   * Reports the trained guard.
   *
   * @param choice the grid's choice; null without a grid
   */
  private Outcome outcome(
      Tuning<Sysformer> tuning,
      SysformerTuner.Grid.@Nullable Choice choice,
      int prompts,
      double seconds) {
    String method = options.method().name().toLowerCase(Locale.ROOT);
    Map<String, Object> json = new LinkedHashMap<>();
    StringBuilder text = new StringBuilder();
    if (choice != null) {
      json.put("grid", GridTable.json(choice));
      json.put("chosen", choice.best());
      text.append(GridTable.markdown(choice)).append('\n');
    }
    List<StepRecord> history = tuning.training().history();
    json.put("method", method);
    json.put("seed", options.seed());
    json.put("guard", out.get());
    json.put("prompts", prompts);
    json.put(
        "unused",
        tuning.unused().stream()
            .map(u -> ImmutableMap.of("index", u.index(), "reason", u.reason()))
            .toList());
    json.put("settings", tuning.adapter().provenance().settings());
    json.put("losses", history.stream().map(StepRecord::loss).toList());
    json.put("seconds", seconds);
    text.append(
        String.format(
            Locale.ROOT,
            "learned from %d prompts, %d left out%n%s, seed %d: loss %.4f -> %.4f in %d steps,"
                + " written to %s in %.1f s",
            prompts - tuning.unused().size(),
            tuning.unused().size(),
            method,
            options.seed(),
            history.isEmpty() ? Double.NaN : history.get(0).loss(),
            tuning.training().finalLoss(),
            tuning.training().steps(),
            out.get(),
            seconds));
    return Outcome.passed(json, text.toString());
  }
}
