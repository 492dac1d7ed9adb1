package org.alignment4j.examples.cli.output;

import java.nio.file.Path;
import org.alignment4j.internal.host.OutputFile;

/** Writes result files. */
public final class TextOutput {
  private TextOutput() {}

  /** Writes a file completely or not at all. */
  public static void write(Path file, String text) {
    OutputFile.data(file.toAbsolutePath()).writeAll(text);
  }
}
