package org.alignment4j.examples.cli.option;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Prompts that a model should answer although they look harmful. */
public final class PseudoHarmfulFile {
  @Option(
      names = "--pseudo-harmful",
      required = true,
      paramLabel = "FILE",
      description = "prompts to be answered that look harmful")
  @CheckedPath(CheckedPath.Kind.FILE)
  private Path file = Path.of("");

  public Path get() {
    return file;
  }
}
