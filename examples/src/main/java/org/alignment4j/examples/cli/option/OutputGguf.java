package org.alignment4j.examples.cli.option;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The GGUF file that a command writes. */
public final class OutputGguf {
  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "file to write, .gguf")
  @CheckedPath(CheckedPath.Kind.NEW_FILE)
  private Path file = Path.of("");

  public Path get() {
    return file;
  }
}
