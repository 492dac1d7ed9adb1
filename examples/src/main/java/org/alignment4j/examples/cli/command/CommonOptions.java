package org.alignment4j.examples.cli.command;

import java.nio.file.Path;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.output.Console;
import org.alignment4j.examples.cli.output.Json;
import org.alignment4j.examples.cli.output.TextOutput;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command. */
public final class CommonOptions {
  private static final String STANDARD_OUTPUT = "-";

  @Option(
      names = "--json",
      arity = "0..1",
      fallbackValue = STANDARD_OUTPUT,
      paramLabel = "FILE",
      description = "write the result as JSON to FILE; without FILE, to standard output")
  @CheckedPath(CheckedPath.Kind.NEW_FILE)
  private @Nullable Path json;

  @Option(names = "--debug", description = "show the stack trace of an error")
  private boolean debug;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "show this help")
  @SuppressWarnings("UnusedVariable") // picocli reads it
  private boolean help;

  public boolean debug() {
    return debug;
  }

  public boolean jsonOnStandardOutput() {
    return json != null && json.toString().equals(STANDARD_OUTPUT);
  }

  /** Writes a finished command's result to the requested output. */
  public void report(Outcome outcome, Console console) {
    if (!jsonOnStandardOutput() && !outcome.text().isEmpty()) {
      console.out().println(outcome.text());
    }
    if (json != null) {
      String text = Json.text(outcome.json());
      if (jsonOnStandardOutput()) {
        console.out().println(text);
      } else {
        TextOutput.write(json, text + "\n");
      }
    }
    console.out().flush();
  }
}
