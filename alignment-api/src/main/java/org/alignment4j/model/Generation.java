package org.alignment4j.model;

import static org.alignment4j.core.Arguments.require;

/**
 * Settings of greedy generation.
 *
 * @param maxNewTokens most tokens to generate, 1 or more
 * @param minNewTokens no end token is chosen before so many tokens, 0 to maxNewTokens
 * @param ignoreEnd whether end tokens are tokens like any other, so that all {@code maxNewTokens}
 *     come
 */
public record Generation(int maxNewTokens, int minNewTokens, boolean ignoreEnd) {
  /** Checks the ranges. */
  public Generation {
    require(maxNewTokens >= 1, "maxNewTokens must be >= 1, was %s", maxNewTokens);
    require(
        minNewTokens >= 0 && minNewTokens <= maxNewTokens,
        "minNewTokens must be in 0..%s, was %s",
        maxNewTokens,
        minNewTokens);
  }

  /** Greedy generation of at most {@code maxNewTokens} tokens. */
  public static Generation greedy(int maxNewTokens) {
    return new Generation(maxNewTokens, 0, false);
  }

  /** The same, running on past end tokens. */
  public Generation ignoringEnd() {
    return new Generation(maxNewTokens, minNewTokens, true);
  }
}
