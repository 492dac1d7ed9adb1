package org.alignment4j.examples.cli.command;

import java.util.Objects;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.cli.output.Console;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;

/** A command: parses its options, runs, and returns an outcome. */
public abstract class AlignCommand {
  @Mixin private CommonOptions common = new CommonOptions();

  private @Nullable Console console;

  /**
   * Rejects options that cannot be combined, before any file is accessed.
   *
   * @throws picocli.CommandLine.ParameterException if the usage is wrong
   */
  public void checkUsage() {}

  /**
   * Runs the command. Wrong arguments and bad data throw, as in the library; a result that misses a
   * bound is an outcome with a failure.
   */
  public abstract Outcome run(ProgressListener progress);

  public final CommonOptions common() {
    return common;
  }

  public final void console(Console own) {
    console = own;
  }

  /** The console, for commands that read input, or that print before they end. */
  protected final Console console() {
    return Objects.requireNonNull(console);
  }
}
