package org.alignment4j.examples.cli.option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.internal.text.Reasons;
import picocli.CommandLine.Option;

/** The folder that a command writes its results to. */
public final class OutputFolder {
  @Option(names = "--out", required = true, paramLabel = "DIR", description = "folder to write")
  @CheckedPath(CheckedPath.Kind.NEW_FOLDER)
  private Path folder = Path.of("");

  public Path get() {
    return folder;
  }

  /** The folder, created if it is not there. */
  public Path created() {
    try {
      Files.createDirectories(folder);
      return folder;
    } catch (IOException e) {
      throw new AlignmentException("cannot create the folder " + folder + ": " + Reasons.of(e), e);
    }
  }
}
