package org.alignment4j.examples.cli.option;

import picocli.CommandLine.Option;

/** Option for the seed of a command. */
public final class SeedOption {
  @Option(names = "--seed", paramLabel = "N", description = "seed (default: ${DEFAULT-VALUE})")
  private long seed;

  /** Creates an option with its default. */
  public SeedOption(long fallback) {
    seed = fallback;
  }

  public long get() {
    return seed;
  }
}
