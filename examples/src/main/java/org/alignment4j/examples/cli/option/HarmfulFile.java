package org.alignment4j.examples.cli.option;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Prompts that a model should refuse. */
public final class HarmfulFile {
  @Option(
      names = "--harmful",
      required = true,
      paramLabel = "FILE",
      description = "prompts to be refused")
  @CheckedPath(CheckedPath.Kind.FILE)
  private Path file = Path.of("");

  public Path get() {
    return file;
  }
}
