package org.alignment4j.examples.cli.evaluate;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.Benchmark;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.EngineOptions;
import org.alignment4j.examples.cli.option.ModelOption;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs any benchmark by its name. */
@Command(
    name = "benchmark",
    description =
        "Runs one benchmark on one model: bbq, winogender, law-school, over-refusal (a file of"
            + " prompts labelled safe or unsafe, such as XSTest's) or preferences (a file of"
            + " pairs)."
            + " The other evaluate commands compare models and have more settings.")
final class EvaluateBenchmark extends AlignCommand {
  @Parameters(paramLabel = "NAME", description = "which benchmark")
  private String name = "";

  @Option(
      names = "--data",
      required = true,
      paramLabel = "PATH",
      description = "the benchmark's file or folder")
  @CheckedPath(CheckedPath.Kind.FILE_OR_FOLDER)
  private Path data = Path.of("");

  @Mixin private ModelOption model = new ModelOption();

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description = "folder of an adapter; without one the model itself is measured")
  @CheckedPath(CheckedPath.Kind.FOLDER)
  private @Nullable Path adapter;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "seed of everything random (default: ${DEFAULT-VALUE})")
  private long seed;

  @Mixin private EngineOptions engine = new EngineOptions();

  @Override
  public Outcome run(ProgressListener progress) {
    Benchmark benchmark = Benchmarks.read(name, data);
    Adapter applied = adapter == null ? null : Adapter.load(adapter);
    try (LanguageModel base = engine.load(model.get())) {
      Benchmark.Result found;
      if (applied == null) {
        found = benchmark.run(base, seed, progress);
      } else {
        try (LanguageModel tuned = base.with(applied)) {
          found = benchmark.run(tuned, seed, progress);
        }
      }
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("model", model.get().toString());
      json.put("adapter", adapter == null ? "none" : adapter.toString());
      json.put("data", data.toString());
      json.put("seed", seed);
      json.put("result", found.toMap());
      return Outcome.passed(json, text(found));
    }
  }

  private static String text(Benchmark.Result result) {
    StringBuilder text = new StringBuilder();
    result.rates().forEach((figure, rate) -> line(text, figure, of(rate)));
    result.scores().forEach((figure, score) -> line(text, figure, of(score)));
    result.warnings().forEach(warning -> text.append("WARNING: ").append(warning).append('\n'));
    return text.toString().stripTrailing();
  }

  private static void line(StringBuilder text, String figure, String value) {
    text.append(String.format(Locale.ROOT, "%-40s %s%n", figure, value));
  }

  private static String of(Rate rate) {
    return rate.n() == 0
        ? "-"
        : String.format(
            Locale.ROOT,
            "%d of %d, %.3f (%.3f to %.3f)",
            rate.k(),
            rate.n(),
            rate.rate(),
            rate.lo(),
            rate.hi());
  }

  private static String of(Interval score) {
    return Double.isNaN(score.estimate())
        ? "-"
        : String.format(
            Locale.ROOT, "%.4f (%.4f to %.4f)", score.estimate(), score.lo(), score.hi());
  }
}
