package org.alignment4j.examples.cli.tune;

import java.nio.file.Path;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of a training on the pairs of a file. */
final class TrainedPairs {
  @Option(
      names = "--first",
      paramLabel = "N",
      description = "train on the first N pairs of the file (default: all)")
  private int first;

  @Option(
      names = "--resume",
      paramLabel = "FOLDER",
      description = "folder for checkpoints; the same command called again resumes from them")
  @CheckedPath(CheckedPath.Kind.NEW_FOLDER)
  private @Nullable Path resume;

  /** Number of pairs; 0 for all. */
  int first() {
    return first;
  }

  /** Folder for checkpoints; null for none. */
  @Nullable Path resume() {
    return resume;
  }
}
