package org.alignment4j.examples.cli.guard;

import java.nio.file.Path;
import java.util.List;
import org.alignment4j.examples.cli.option.CheckedPath;
import picocli.CommandLine.Option;

/** Prompts that a guard should keep from being answered. */
final class HarmfulFiles {
  @Option(
      names = "--harmful",
      required = true,
      split = ",",
      paramLabel = "FILE",
      description = "prompts to be refused; several with commas")
  @CheckedPath(CheckedPath.Kind.FILE)
  private List<Path> files = List.of();

  List<Path> get() {
    return files;
  }
}
