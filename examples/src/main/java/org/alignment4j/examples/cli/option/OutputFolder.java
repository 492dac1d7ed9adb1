package org.alignment4j.examples.cli.option;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The folder that a command writes its results to. */
public final class OutputFolder {
  @Option(names = "--out", required = true, paramLabel = "DIR", description = "folder to write")
  @CheckedPath(CheckedPath.Kind.NEW_FOLDER)
  private Path folder = Path.of("");

  public Path get() {
    return folder;
  }
}
