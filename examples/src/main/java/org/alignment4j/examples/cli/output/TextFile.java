package org.alignment4j.examples.cli.output;

import java.nio.file.Path;
import org.alignment4j.core.OutputFile;

/** Files that commands write their results to. */
public final class TextFile {
  private TextFile() {}

  /** Writes a file whole or not at all. */
  public static void write(Path file, String text) {
    OutputFile.data(file.toAbsolutePath()).writeAll(text);
  }
}
