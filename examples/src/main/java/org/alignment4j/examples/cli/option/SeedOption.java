package org.alignment4j.examples.cli.option;

import picocli.CommandLine.Option;

/** The seed of what a command draws. */
public final class SeedOption {
  @Option(names = "--seed", paramLabel = "N", description = "seed (default: ${DEFAULT-VALUE})")
  private long seed;

  /** With what is taken if the option is not given. */
  public SeedOption(long fallback) {
    seed = fallback;
  }

  public long get() {
    return seed;
  }
}
