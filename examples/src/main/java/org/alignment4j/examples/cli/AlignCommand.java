package org.alignment4j.examples.cli;

import java.util.Objects;
import org.alignment4j.core.ProgressListener;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;

/** A command: parses its own options, does its work, and says what came of it. */
abstract class AlignCommand {
  @Mixin private CommonOptions common = new CommonOptions();

  private @Nullable Console console;

  /**
   * Refuses options that do not go together, before any file is looked at.
   *
   * @throws picocli.CommandLine.ParameterException which says how the command is used
   */
  void checkUsage() {}

  /**
   * Does the work. Wrong arguments and bad data are thrown, as the library does; a result that
   * falls short of a bound is an outcome with a failure.
   */
  abstract Outcome run(ProgressListener progress);

  final CommonOptions common() {
    return common;
  }

  final void console(Console own) {
    console = own;
  }

  /** For commands that read, or that write before they have done their work. */
  final Console console() {
    return Objects.requireNonNull(console);
  }
}
