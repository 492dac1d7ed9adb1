package org.alignment4j.examples.cli.option;

import picocli.CommandLine.Option;

/** Option for the maximum length of a response. */
public final class NewTokens {
  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "maximum number of new tokens (default: ${DEFAULT-VALUE})")
  private int max;

  /** Creates an option with its default. */
  public NewTokens(int fallback) {
    max = fallback;
  }

  public int max() {
    return max;
  }
}
