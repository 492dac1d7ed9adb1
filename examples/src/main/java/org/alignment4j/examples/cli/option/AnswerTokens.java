package org.alignment4j.examples.cli.option;

import picocli.CommandLine.Option;

/** Option for the maximum length of evaluated responses. */
public final class AnswerTokens {
  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "64",
      description = "maximum number of tokens of a response (default: ${DEFAULT-VALUE})")
  private int max;

  public int max() {
    return max;
  }
}
