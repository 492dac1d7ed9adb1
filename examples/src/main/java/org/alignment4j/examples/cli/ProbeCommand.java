package org.alignment4j.examples.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.actor.ActorProbe;
import org.alignment4j.actor.LayerScore;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.PromptRow;
import org.alignment4j.data.Prompts;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Finds a model's refusal direction and scores prompts along it. */
@Command(
    name = "probe",
    description = {
      "Finds a model's refusal direction from harmful and benign anchors, scores every layer, and"
          + " scores further prompts: 0 is the benign mean, 1 the harmful mean."
    })
final class ProbeCommand extends AlignCommand {
  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--harmful",
      required = true,
      paramLabel = "FILE",
      description = "harmful anchors")
  @OnDisk(OnDisk.Place.FILE)
  private Path harmful = Path.of("");

  @Option(names = "--benign", required = true, paramLabel = "FILE", description = "benign anchors")
  @OnDisk(OnDisk.Place.FILE)
  private Path benign = Path.of("");

  @Option(names = "--prompts", paramLabel = "FILE", description = "prompts to score")
  @OnDisk(OnDisk.Place.FILE)
  private @Nullable Path prompts;

  @Option(names = "--layer", paramLabel = "L", description = "the layer; chosen if not given")
  private @Nullable Integer layer;

  @Option(
      names = "--anchors",
      paramLabel = "N",
      defaultValue = "64",
      description = "anchors of each class that are used (default: ${DEFAULT-VALUE})")
  private int anchors;

  @Option(
      names = "--false-positives",
      paramLabel = "RATE",
      defaultValue = "0.05",
      description = "share of benign anchors above the threshold (default: ${DEFAULT-VALUE})")
  private double falsePositives;

  @Override
  Outcome run(ProgressListener progress) {
    return model.use(
        m -> {
          ActorProbe probe =
              ActorProbe.fit(
                  m,
                  first(PromptFile.read(harmful)),
                  first(PromptFile.read(benign)),
                  layer == null ? null : new Layer(layer),
                  falsePositives,
                  progress);
          List<PromptRow> rows = prompts == null ? List.of() : Prompts.read(prompts);
          double[] scores = rows.isEmpty() ? new double[0] : probe.scores(PromptFile.of(rows));
          return outcome(probe, rows, scores);
        });
  }

  private <T> List<T> first(List<T> all) {
    return all.subList(0, Math.min(anchors, all.size()));
  }

  private static Outcome outcome(ActorProbe probe, List<PromptRow> rows, double[] scores) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("layer", probe.layer().index());
    json.put("threshold", probe.threshold());
    json.put("auroc", probe.auroc());
    json.put("layers", probe.layerScores().stream().map(LayerScore::toMap).toList());
    List<Map<String, Object>> scored = new ArrayList<>();
    StringBuilder text = new StringBuilder("layer  silhouette  auroc  causal\n");
    for (LayerScore s : probe.layerScores()) {
      text.append(
          String.format(
              Locale.ROOT,
              "%5d  %10.3f  %5.3f  %+6.2f%s%n",
              s.layer().index(),
              s.silhouette(),
              s.auroc(),
              s.causal(),
              s.layer().equals(probe.layer()) ? "  <- used" : ""));
    }
    text.append(String.format(Locale.ROOT, "threshold %.3f", probe.threshold()));
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
