package org.alignment4j.examples.cli.compare;

import java.util.Arrays;
import picocli.CommandLine.Option;

/** The seeds that each setting is run with. */
final class SeedsOption {
  @Option(
      names = "--seeds",
      split = ",",
      defaultValue = "1,2,3",
      paramLabel = "N",
      description = "seeds (default: ${DEFAULT-VALUE})")
  private long[] seeds = {};

  /** In the given order, which may name one more than once. */
  long[] get() {
    return seeds.clone();
  }

  /** In the given order, each once. */
  long[] distinct() {
    return Arrays.stream(seeds).distinct().toArray();
  }
}
