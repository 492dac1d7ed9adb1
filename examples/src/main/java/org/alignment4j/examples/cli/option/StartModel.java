package org.alignment4j.examples.cli.option;

import java.nio.file.Path;
import java.util.function.Function;
import org.alignment4j.model.LanguageModel;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The model that a command tunes, its first argument, with the engine options. */
public final class StartModel {
  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description =
          "Hugging Face checkpoint folder or GGUF file of the model to start from, or ollama:NAME[:TAG] or"
              + " hf:ORG/NAME[@REV]",
      converter = LocatedModel.class)
  @CheckedPath(CheckedPath.Kind.MODEL)
  private Path model = Path.of("");

  @Mixin private EngineOptions engine = new EngineOptions();

  public Path path() {
    return model;
  }

  /** Runs {@code work} with the model and closes it. */
  public <R> R use(Function<LanguageModel, R> work) {
    try (LanguageModel m = engine.load(model)) {
      return work.apply(m);
    }
  }

  /** Loads another model in the same precision; close it. */
  LanguageModel open(Path folder) {
    return engine.load(folder);
  }
}
