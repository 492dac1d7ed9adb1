package org.alignment4j.examples.cli.output;

import java.nio.file.Path;
import org.alignment4j.internal.host.OutputFile;

/** Files that commands write their results to. */
public final class TextOutput {
  private TextOutput() {}

  /** Writes a file whole or not at all. */
  public static void write(Path file, String text) {
    OutputFile.data(file.toAbsolutePath()).writeAll(text);
  }
}
