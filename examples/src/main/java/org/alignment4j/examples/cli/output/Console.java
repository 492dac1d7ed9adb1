package org.alignment4j.examples.cli.output;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Where a command reads and writes.
 *
 * @param in what a person types or a program pipes in
 * @param out results, and nothing else
 * @param err progress and errors, for people
 * @param terminal whether {@code err} is a terminal, so that a line can be drawn over
 */
public record Console(InputStream in, PrintStream out, PrintStream err, boolean terminal) {
  /** Whoever prints, no text of a model, a file or a server controls the terminal. */
  public Console {
    out = TerminalStream.of(out);
    err = TerminalStream.of(err);
  }

  /**
   * The process's own streams. Java cannot tell whether standard error is a terminal; the script
   * can, and says so in a system property.
   */
  public static Console ofProcess() {
    return new Console(
        System.in,
        stream(FileDescriptor.out),
        stream(FileDescriptor.err),
        Boolean.getBoolean("alignment4j.terminal"));
  }

  /** Standard error, for what the program draws itself. */
  PrintStream drawing() {
    return ((TerminalStream) err).plain();
  }

  private static PrintStream stream(FileDescriptor to) {
    return new PrintStream(new FileOutputStream(to), true, StandardCharsets.UTF_8);
  }
}
