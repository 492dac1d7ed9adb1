package org.alignment4j.examples.cli.compare;

import java.util.Arrays;
import picocli.CommandLine.Option;

/** Option for the seeds of each setting. */
final class SeedsOption {
  @Option(
      names = "--seeds",
      split = ",",
      defaultValue = "1,2,3",
      paramLabel = "N",
      description = "seeds (default: ${DEFAULT-VALUE})")
  private long[] seeds = {};

  /** Returns the seeds in the given order, possibly repeated. */
  long[] get() {
    return seeds.clone();
  }

  /** Returns the distinct seeds in the given order. */
  long[] distinct() {
    return Arrays.stream(seeds).distinct().toArray();
  }
}
