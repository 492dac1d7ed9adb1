package org.alignment4j.examples.cli.model;

import ai.djl.engine.Engine;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.bench.Bench;
import org.alignment4j.examples.bench.Measurement;
import org.alignment4j.examples.bench.ProcessMemory;
import org.alignment4j.examples.bench.Workload;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.EngineOptions;
import org.alignment4j.examples.cli.option.LocatedModel;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.internal.host.DjlDefaults;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Times a checkpoint. */
@Command(
    name = "bench",
    description = {
      "Times loading, capture, generation and tuning of a checkpoint.",
      "machine_gflops GFLOP/s, machine_gbs GB/s: peak rates of the machine;"
          + " *_gflops, *_gbs, *_share_of_matmul, *_share_of_bandwidth: rates of the model and"
          + " their share of the peak.",
      "load_s s; load_peak_over_weights: peak memory while loading minus the memory before,"
          + " divided by weights_mib.",
      "capture_all, capture_prefix prompts/s; generate_b1, generate_b8 new tokens/s;"
          + " actor_usual, actor_prefix s for one epoch of 32 prompts; peak_rss_mib MiB."
    })
public final class BenchCommand extends AlignCommand {
  @Parameters(
      paramLabel = "CHECKPOINT",
      description = "Hugging Face checkpoint folder or GGUF file",
      converter = LocatedModel.class)
  @CheckedPath(CheckedPath.Kind.MODEL)
  private Path folder = Path.of("");

  @Option(
      names = "--layer",
      paramLabel = "L",
      description = "layer that prefixes end at and whose block is tuned (default: the middle one)")
  private @Nullable Integer layer;

  @Option(
      names = "--only",
      paramLabel = "NAME",
      split = ",",
      description = "measure only these; unknown names are ignored")
  private Set<String> only = Set.of();

  @Option(
      names = "--repeats",
      paramLabel = "N",
      defaultValue = "3",
      description = "number of runs, of which the median is reported (default: ${DEFAULT-VALUE})")
  private int repeats;

  @Option(
      names = "--workload",
      paramLabel = "FILE",
      description = "JSON with prompts as lists of numbers; default: generated")
  @CheckedPath(CheckedPath.Kind.FILE)
  private @Nullable Path workload;

  @Mixin private EngineOptions engine = new EngineOptions();

  @Override
  public Outcome run(ProgressListener progress) {
    int threadCount = engine.applyThreads();
    Workload work = workload();
    DjlDefaults.apply();
    // Starts the engine first: load_s excludes it, as the Python benchmark's excludes importing
    // torch.
    Engine.getEngine("PyTorch");
    Map<String, Object> json = new LinkedHashMap<>();
    Double before = ProcessMemory.held();
    long start = System.nanoTime();
    try (LanguageModel model = engine.load(folder)) {
      json.put("load_s", rounded((System.nanoTime() - start) / 1e9));
      double weights = model.config().weightBytes(model.precision()) / (1024.0 * 1024);
      json.put("weights_mib", rounded(weights));
      Double loaded = ProcessMemory.held();
      if (before != null && loaded != null) {
        json.put("loaded_mib", rounded(loaded - before));
      }
      Double loadPeak = ProcessMemory.peak();
      if (before != null && loadPeak != null) {
        json.put("load_peak_over_weights", rounded((loadPeak - before) / weights));
      }
      Layer middle = new Layer(Math.max(1, model.config().blocks() / 2));
      Layer at = layer == null ? middle : new Layer(layer);
      Bench bench = new Bench(model, at, work, repeats);
      List<Map.Entry<String, Measurement>> wanted =
          Bench.measurements().entrySet().stream()
              .filter(m -> only.isEmpty() || only.contains(m.getKey()))
              .toList();
      Map<String, Double> measured = new LinkedHashMap<>();
      for (Map.Entry<String, Measurement> entry : wanted) {
        Cancellation.check("bench");
        progress.step("bench " + entry.getKey(), 0, 1);
        measured.put(entry.getKey(), entry.getValue().measure(bench));
        progress.step("bench " + entry.getKey(), 1, 1);
      }
      measured.putAll(bench.rates(measured));
      measured.forEach((name, value) -> json.put(name, rounded(value)));
      Double peak = ProcessMemory.peak();
      if (peak != null) {
        json.put("peak_rss_mib", rounded(peak));
      }
      json.put("layer", at.index());
      json.put("precision", model.precision().name().toLowerCase(Locale.ROOT));
    }
    json.put("threads", threadCount);
    json.put("repeats", repeats);
    json.put("workload", work.source());
    return Outcome.passed(json, text(json));
  }

  private Workload workload() {
    if (workload != null) {
      return Workload.read(workload);
    }
    String shared = System.getProperty("alignment4j.shared");
    if (shared != null) {
      Path file = Path.of(shared, "peers", "workload.json");
      if (InputFile.data(file).exists()) {
        return Workload.read(file);
      }
    }
    return Workload.generated();
  }

  private static double rounded(double value) {
    return Math.round(value * 1e4) / 1e4;
  }

  private static String text(Map<String, Object> json) {
    List<String> lines = new ArrayList<>();
    json.forEach((name, value) -> lines.add(String.format(Locale.ROOT, "%-35s %s", name, value)));
    return String.join("\n", lines);
  }
}
