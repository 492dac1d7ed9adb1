package org.alignment4j.examples.cli.option;

import picocli.CommandLine.Option;

/** How long an answer may be. */
public final class NewTokens {
  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "most new tokens of an answer (default: ${DEFAULT-VALUE})")
  private int max;

  /** With what is taken if the option is not given. */
  public NewTokens(int fallback) {
    max = fallback;
  }

  public int max() {
    return max;
  }
}
