package org.alignment4j.examples.cli.option;

import picocli.CommandLine.Option;

/** How long the answers that are measured may be. */
public final class AnswerTokens {
  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "64",
      description = "most tokens of an answer (default: ${DEFAULT-VALUE})")
  private int max;

  public int max() {
    return max;
  }
}
