package org.alignment4j.examples.cli.command;

import java.util.Objects;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.cli.output.Console;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;

/** A command: parses its own options, does its work, and says what came of it. */
public abstract class AlignCommand {
  @Mixin private CommonOptions common = new CommonOptions();

  private @Nullable Console console;

  /**
   * Refuses options that do not go together, before any file is looked at.
   *
   * @throws picocli.CommandLine.ParameterException which says how the command is used
   */
  public void checkUsage() {}

  /**
   * Does the work. Wrong arguments and bad data are thrown, as the library does; a result that
   * falls short of a bound is an outcome with a failure.
   */
  public abstract Outcome run(ProgressListener progress);

  public final CommonOptions common() {
    return common;
  }

  public final void console(Console own) {
    console = own;
  }

  /** For commands that read, or that write before they have done their work. */
  protected final Console console() {
    return Objects.requireNonNull(console);
  }
}
