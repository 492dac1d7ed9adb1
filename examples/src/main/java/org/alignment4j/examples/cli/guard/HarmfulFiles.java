package org.alignment4j.examples.cli.guard;

import java.nio.file.Path;
import java.util.List;
import org.alignment4j.examples.cli.option.CheckedPath;
import picocli.CommandLine.Option;

/** Option for prompts that should not be answered. */
final class HarmfulFiles {
  @Option(
      names = "--harmful",
      required = true,
      split = ",",
      paramLabel = "FILE",
      description = "prompts to be refused; several separated by commas")
  @CheckedPath(CheckedPath.Kind.FILE)
  private List<Path> files = List.of();

  List<Path> get() {
    return files;
  }
}
