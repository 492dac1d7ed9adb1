package org.alignment4j.examples.cli.tune;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.induction.ReversedInstructionTuner;
import org.alignment4j.data.induction.ReversedInstructionTuner.InstructionSplit;
import org.alignment4j.data.induction.ReversedInstructionTuner.ReversedTuning;
import org.alignment4j.data.induction.ReversedSettings;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.input.InstructionRows;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.SeedOption;
import org.alignment4j.examples.cli.option.StartModel;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.train.TrainingSettings.Schedule;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Trains a model to generate the instruction of a response. */
@Command(
    name = "reversed",
    description = {
      "Reversed instruction tuning (Safer-Instruct): trains a LoRA that generates the"
          + " instruction to a response, the inducer of synthesize.",
      "A tenth of the rows is held out, by the hash of the instruction, and evaluated before"
          + " and after."
    })
final class TuneReversed extends AlignCommand {
  @Mixin private StartModel model = new StartModel();

  @Parameters(
      index = "1",
      arity = "1..*",
      paramLabel = "ROWS",
      description =
          "instructions with responses: JSON Lines with instruction and output, or preference"
              + " files, whose chosen responses are used")
  @CheckedPath(CheckedPath.Kind.FILE)
  private List<Path> files = List.of();

  @Option(names = "--out", required = true, paramLabel = "FOLDER", description = "for the LoRA")
  @CheckedPath(CheckedPath.Kind.NEW_FOLDER)
  private Path out = Path.of("");

  @Option(
      names = "--held-out",
      paramLabel = "SHARE",
      defaultValue = "0.1",
      description = "share of the rows that is held out (default: ${DEFAULT-VALUE})")
  private double heldOut;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "3",
      description = "passes (default: ${DEFAULT-VALUE})")
  private int epochs;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "32",
      description = "rows per step (default: ${DEFAULT-VALUE})")
  private int batch;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      defaultValue = "2e-4",
      description = "AdamW's learning rate (default: ${DEFAULT-VALUE})")
  private double rate;

  @Option(
      names = "--rank",
      paramLabel = "N",
      defaultValue = "8",
      description = "rank of the LoRA (default: ${DEFAULT-VALUE})")
  private int rank;

  @Option(
      names = "--modules",
      split = ",",
      paramLabel = "NAME",
      defaultValue = "q_proj,v_proj",
      description = "matrices that get a LoRA (default: ${DEFAULT-VALUE})")
  private List<String> modules = List.of();

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "512",
      description = "maximum number of tokens of a row (default: ${DEFAULT-VALUE})")
  private int maxTokens;

  @Option(
      names = "--template",
      paramLabel = "WORDS",
      defaultValue = "SHORT",
      description =
          "prompt around the response: ${COMPLETION-CANDIDATES}, the latter as released by the"
              + " method's authors (default: ${DEFAULT-VALUE})")
  private ReversedSettings.Template template = ReversedSettings.Template.SHORT;

  @Option(names = "--chat-template", description = "use the model's chat template, not plain text")
  private boolean chat;

  @Mixin private SeedOption seed = new SeedOption(1);

  @Option(
      names = "--resume",
      paramLabel = "FOLDER",
      description = "folder for checkpoints; the same command resumes from them")
  @CheckedPath(CheckedPath.Kind.NEW_FOLDER)
  private @Nullable Path resume;

  @Override
  public Outcome run(ProgressListener progress) {
    List<InstructionSplit.Row> rows = new ArrayList<>();
    files.forEach(file -> rows.addAll(InstructionRows.read(file)));
    InstructionSplit split = InstructionSplit.of(rows, heldOut, seed.get());
    TrainingSettings.Builder training =
        TrainingSettings.builder()
            .epochs(epochs)
            .batchSize(batch)
            .microBatchTokens(4096)
            .learningRate(rate)
            .schedule(Schedule.cosine().withWarmupRatio(0.03))
            .maxGradientNorm(1)
            .seed(seed.get());
    if (resume != null) {
      training.checkpointFolder(resume);
    }
    ReversedInstructionTuner tuner =
        ReversedInstructionTuner.builder()
            .training(training.build())
            .lora(
                new TrainableLora.Shape(
                    rank, 2.0 * rank, TrainableLora.Shape.DEFAULT.dropout(), modules))
            .maxTokens(maxTokens)
            .template(template)
            .chatTemplate(chat)
            .build();
    ReversedTuning tuning = model.use(m -> tuner.tune(m, split, progress));
    tuning.adapter().save(out);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("adapter", out);
    json.put("learned_from", counts(tuning.counts()));
    StringBuilder text = new StringBuilder(line("learned from", tuning.counts()));
    tuning
        .heldOut()
        .ifPresent(
            h -> {
              json.put("held_out", heldOut(h));
              text.append("\n")
                  .append(line("measured on", h.counts()))
                  .append("\n")
                  .append(line(h));
            });
    text.append(
        String.format(
            Locale.ROOT, "%nLoRA written to %s in %.1f s", out, tuning.training().seconds()));
    return Outcome.passed(json, text.toString());
  }

  private static String line(String what, ReversedTuning.Counts c) {
    return String.format(
        Locale.ROOT,
        "%s %d of %d rows; responses cut %d, fewest target tokens %d; dropped %s",
        what,
        c.used(),
        c.rows(),
        c.cut(),
        c.fewestTargetTokens(),
        c.dropped());
  }

  private static String line(ReversedTuning.HeldOut h) {
    return String.format(
        Locale.ROOT,
        "log-likelihood of the true instruction, nats per token: %.3f -> %.3f, change %s;"
            + " own response against another's %s -> %s",
        h.before(),
        h.after(),
        interval(h.change()),
        interval(h.fromResponseBefore()),
        interval(h.fromResponse()));
  }

  private static String interval(Bootstrap.Interval i) {
    return String.format(Locale.ROOT, "%+.3f (%.3f to %.3f)", i.estimate(), i.lo(), i.hi());
  }

  private static Map<String, Object> counts(ReversedTuning.Counts c) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("rows", c.rows());
    map.put("used", c.used());
    map.put("dropped", c.dropped());
    map.put("responses_cut", c.cut());
    map.put("fewest_target_tokens", c.fewestTargetTokens());
    return map;
  }

  private static Map<String, Object> heldOut(ReversedTuning.HeldOut h) {
    Map<String, Object> map = counts(h.counts());
    map.put("before", h.before());
    map.put("after", h.after());
    map.put("change", List.of(h.change().estimate(), h.change().lo(), h.change().hi()));
    map.put(
        "from_response",
        List.of(h.fromResponse().estimate(), h.fromResponse().lo(), h.fromResponse().hi()));
    return map;
  }
}
