package org.alignment4j.examples.cli.option;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The checkpoint that a command works on. */
public final class ModelOption {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description =
          "Hugging Face checkpoint folder or GGUF file, or ollama:NAME[:TAG] or hf:ORG/NAME[@REV] of what"
              + " these programs keep on this machine",
      converter = LocatedModel.class)
  @CheckedPath(CheckedPath.Kind.MODEL)
  private Path model = Path.of("");

  public Path get() {
    return model;
  }
}
