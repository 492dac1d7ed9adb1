package org.alignment4j.examples.cli.option;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A system message for all prompts. */
public final class SystemOption {
  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "system message put before each prompt")
  private @Nullable String message;

  public @Nullable String message() {
    return message;
  }
}
