package org.alignment4j.examples.cli.option;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Prompts that a model should answer. */
public final class BenignFile {
  @Option(
      names = "--benign",
      required = true,
      paramLabel = "FILE",
      description = "prompts to be answered")
  @CheckedPath(CheckedPath.Kind.FILE)
  private Path file = Path.of("");

  public Path get() {
    return file;
  }
}
