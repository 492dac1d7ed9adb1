package org.alignment4j.examples.cli.read;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.actor.ActorProbe;
import org.alignment4j.actor.ProbeReport;
import org.alignment4j.actor.ProbeReport.LayerScore;
import org.alignment4j.analysis.Auroc;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Prompts;
import org.alignment4j.data.Prompts.PromptRow;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.input.PromptFile;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.LayerOption;
import org.alignment4j.examples.cli.option.ModelOptions;
import org.alignment4j.examples.cli.output.AurocText;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Finds a model's refusal direction and scores prompts along it. */
@Command(
    name = "probe",
    description = {
      "Finds a model's refusal direction from harmful and benign anchors, scores every layer, and"
          + " scores further prompts: 0 is the benign mean, 1 the harmful mean.",
      "The layer is the one with the highest AUROC on contrast prompts; without --contrast, the"
          + " first whose direction, when added, raises the refusal score at least 0.9 times as"
          + " much as the best; if the model refuses too few anchors for that, the last"
          + " whose held-out AUROC is within a standard error of the best."
    })
public final class ProbeCommand extends AlignCommand {
  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--harmful",
      required = true,
      paramLabel = "FILE",
      description = "harmful anchors")
  @CheckedPath(CheckedPath.Kind.FILE)
  private Path harmful = Path.of("");

  @Option(names = "--benign", required = true, paramLabel = "FILE", description = "benign anchors")
  @CheckedPath(CheckedPath.Kind.FILE)
  private Path benign = Path.of("");

  @Option(
      names = "--contrast",
      split = ",",
      paramLabel = "HARMFUL,HARMLESS",
      description =
          "prompts whose wording does not give away their class: harmful ones worded like"
              + " harmless ones, and the reverse; every other one is used to choose the layer,"
              + " the rest to measure it. Without HARMLESS, held-out benign anchors are used")
  @CheckedPath(CheckedPath.Kind.FILE)
  private @Nullable List<Path> contrast;

  @Option(names = "--prompts", paramLabel = "FILE", description = "prompts to score")
  @CheckedPath(CheckedPath.Kind.FILE)
  private @Nullable Path prompts;

  @Mixin private LayerOption layer = new LayerOption();

  @Option(
      names = "--anchors",
      paramLabel = "N",
      defaultValue = "64",
      description = "maximum number of anchors per class (default: ${DEFAULT-VALUE})")
  private int anchors;

  @Option(
      names = "--false-positives",
      paramLabel = "RATE",
      defaultValue = "0.05",
      description = "share of benign anchors above the threshold (default: ${DEFAULT-VALUE})")
  private double falsePositives;

  @Override
  public Outcome run(ProgressListener progress) {
    require(
        contrast == null || contrast.size() <= 2, "--contrast takes one file or two, with a comma");
    ActorProbe.Builder builder = ActorProbe.builder().falsePositives(falsePositives);
    layer.get().ifPresent(builder::layer);
    if (contrast != null) {
      builder.contrast(
          PromptFile.read(contrast.get(0)),
          contrast.size() == 1 ? List.of() : PromptFile.read(contrast.get(1)));
    }
    List<Prompt> bad = first(PromptFile.read(harmful));
    List<Prompt> good = first(PromptFile.read(benign));
    List<PromptRow> rows = prompts == null ? List.of() : Prompts.read(prompts);
    return model.use(
        m -> {
          ActorProbe probe = builder.fit(m, bad, good, progress);
          double[] scores = rows.isEmpty() ? new double[0] : probe.scores(PromptFile.of(rows));
          return outcome(probe, rows, scores);
        });
  }

  private <T> List<T> first(List<T> all) {
    return all.subList(0, Math.min(anchors, all.size()));
  }

  private static Outcome outcome(ActorProbe probe, List<PromptRow> rows, double[] scores) {
    ProbeReport report = probe.report();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("layer", probe.layer().index());
    json.put("threshold", probe.threshold());
    json.put("auroc", probe.auroc());
    json.put("report", report.toMap());
    json.put("layers", probe.layerScores().stream().map(LayerScore::toMap).toList());
    List<Map<String, Object>> scored = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    boolean contrasted = report.contrast() != null;
    text.append("layer  silhouette  held-out AUROC          ");
    text.append(contrasted ? "contrast  " : "").append("causal\n");
    for (LayerScore s : probe.layerScores()) {
      Auroc on = s.contrast();
      text.append(
          String.format(
              Locale.ROOT,
              "%5d  %10.3f  %-22s  %s%s%s%n",
              s.layer().index(),
              s.silhouette(),
              AurocText.of(s.heldOut()),
              on == null ? "" : String.format(Locale.ROOT, "%8.3f  ", on.estimate()),
              Double.isNaN(s.causal())
                  ? "     -"
                  : String.format(Locale.ROOT, "%+6.2f", s.causal()),
              s.layer().equals(probe.layer()) ? "  <- used" : ""));
    }
    text.append(
        String.format(Locale.ROOT, "%s: %s%n", probe.layer(), report.choice().description()));
    text.append("held-out AUROC of anchors      ").append(AurocText.of(report.heldOut()));
    text.append("\n  of a bag of words            ").append(AurocText.of(report.bagOfWords()));
    if (report.contrast() != null && report.contrastBagOfWords() != null) {
      text.append("\nAUROC of contrast prompts      ").append(AurocText.of(report.contrast()));
      text.append("\n  of a bag of words            ")
          .append(AurocText.of(report.contrastBagOfWords()));
    }
    text.append(
        String.format(
            Locale.ROOT,
            "%nthreshold %.3f: held out, %d of %d harmful and %d of %d benign anchors reach it",
            probe.threshold(),
            report.detected().k(),
            report.detected().n(),
            report.falsePositives().k(),
            report.falsePositives().n()));
    report.warnings().forEach(w -> text.append("\nWARNING: ").append(w));
    for (int i = 0; i < scores.length; i++) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("id", rows.get(i).id());
      one.put("prompt", rows.get(i).prompt());
      one.put("score", scores[i]);
      one.put("refuses", scores[i] >= probe.threshold());
      scored.add(one);
      text.append(String.format(Locale.ROOT, "%n%+6.3f  %s", scores[i], rows.get(i).prompt()));
    }
    json.put("prompts", scored);
    return Outcome.passed(json, text.toString());
  }
}
