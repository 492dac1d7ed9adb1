package org.alignment4j.examples.cli;

import org.alignment4j.core.ProgressListener;
import picocli.CommandLine.Mixin;

/** A command: parses its own options, does its work, and says what came of it. */
abstract class AlignCommand {
  @Mixin private CommonOptions common = new CommonOptions();

  /**
   * Does the work. Wrong arguments and bad data are thrown, as the library does; a result that
   * falls short of a bound is an outcome with a failure.
   */
  abstract Outcome run(ProgressListener progress);

  final CommonOptions common() {
    return common;
  }
}
