package org.alignment4j.examples.cli.option;

import ai.djl.Device;
import java.nio.file.Path;
import java.util.function.Function;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The model a command works on. */
public final class ModelOptions {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "Hugging Face checkpoint folder")
  @OnDisk(OnDisk.Place.MODEL)
  private Path model = Path.of("");

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description =
          "folder of an adapter to apply: tuned block, LoRA or soft prompt in PEFT's form, control"
              + " vector")
  @OnDisk(OnDisk.Place.FOLDER)
  private @Nullable Path adapter;

  @Mixin private PrecisionOption precision = new PrecisionOption();

  @Mixin private ThreadOptions threads = new ThreadOptions();

  public Path folder() {
    return model;
  }

  public @Nullable Path adapter() {
    return adapter;
  }

  /** Runs {@code work} with the model, the adapter applied, and closes it. */
  public <R> R use(Function<LanguageModel, R> work) {
    threads.apply();
    Adapter applied = adapter == null ? null : Adapter.load(adapter); // takes less than the model
    try (LanguageModel base = LanguageModel.load(model, Device.cpu(), precision.get())) {
      if (applied == null) {
        return work.apply(base);
      }
      try (LanguageModel tuned = base.with(applied)) {
        return work.apply(tuned);
      }
    }
  }
}
