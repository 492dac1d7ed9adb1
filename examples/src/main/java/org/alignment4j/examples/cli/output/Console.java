package org.alignment4j.examples.cli.output;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Streams of a command.
 *
 * @param in typed or piped input
 * @param out results, and nothing else
 * @param err progress and errors
 * @param terminal whether {@code err} is a terminal, so that a line can be overwritten
 */
public record Console(InputStream in, PrintStream out, PrintStream err, boolean terminal) {
  /** Escapes all output, so that no text of a model, a file or a server controls the terminal. */
  public Console {
    out = TerminalStream.of(out);
    err = TerminalStream.of(err);
  }

  /**
   * Returns the process's streams. Java cannot detect whether standard error is a terminal; the
   * script does, and sets a system property.
   */
  public static Console ofProcess() {
    return new Console(
        System.in,
        stream(FileDescriptor.out),
        stream(FileDescriptor.err),
        Boolean.getBoolean("alignment4j.terminal"));
  }

  /** Returns standard error without escaping, for the program's own drawing. */
  PrintStream drawing() {
    return ((TerminalStream) err).plain();
  }

  private static PrintStream stream(FileDescriptor to) {
    return new PrintStream(new FileOutputStream(to), true, StandardCharsets.UTF_8);
  }
}
