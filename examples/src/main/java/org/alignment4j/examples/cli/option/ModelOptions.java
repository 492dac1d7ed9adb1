package org.alignment4j.examples.cli.option;

import java.nio.file.Path;
import java.util.function.Function;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options for the model of a command. */
public final class ModelOptions {
  @Mixin private ModelOption model = new ModelOption();

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description =
          "folder of an adapter to apply: tuned block, LoRA or soft prompt in PEFT's format,"
              + " control vector, gated edit")
  @CheckedPath(CheckedPath.Kind.FOLDER)
  private @Nullable Path adapter;

  @Mixin private EngineOptions engine = new EngineOptions();

  public Path path() {
    return model.get();
  }

  public @Nullable Path adapter() {
    return adapter;
  }

  /** Loads another model in the same precision; close it. */
  public LanguageModel open(Path other) {
    return engine.load(other);
  }

  /** Runs {@code work} with the model, the adapter applied, and closes it. */
  public <R> R use(Function<LanguageModel, R> work) {
    engine.applyThreads();
    Adapter applied = adapter == null ? null : Adapter.load(adapter); // takes less than the model
    try (LanguageModel base = engine.load(model.get())) {
      if (applied == null) {
        return work.apply(base);
      }
      try (LanguageModel tuned = base.with(applied)) {
        return work.apply(tuned);
      }
    }
  }
}
