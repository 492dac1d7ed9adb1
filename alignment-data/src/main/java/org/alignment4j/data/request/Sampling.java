package org.alignment4j.data.request;

import static org.alignment4j.core.Arguments.require;

import java.util.List;

/**
 * How an answer is drawn. Immutable.
 *
 * @param maxTokens most tokens of the answer, at least 1
 * @param temperature 0 (the likeliest token each time) or above
 * @param topP mass of the tokens that are drawn from, above 0 and at most 1
 * @param stop texts that end the answer and are no part of it; may be empty
 */
public record Sampling(int maxTokens, double temperature, double topP, List<String> stop) {
  /**
   * @throws IllegalArgumentException if a number is out of its range or a stop text is empty
   */
  public Sampling {
    require(maxTokens >= 1, "maxTokens must be at least 1, was %s", maxTokens);
    require(
        temperature >= 0 && Double.isFinite(temperature),
        "the temperature must be 0 or above, was %s",
        temperature);
    require(topP > 0 && topP <= 1, "topP must be in 0..1, above 0, was %s", topP);
    // Not -0, which would be another request.
    temperature += 0.0;
    stop = List.copyOf(stop);
    require(stop.stream().noneMatch(String::isEmpty), "a stop text is empty");
  }

  /** The likeliest token each time. */
  public static Sampling greedy(int maxTokens) {
    return new Sampling(maxTokens, 0, 1, List.of());
  }

  /** Drawn at a temperature from the likeliest tokens that make up topP. */
  public static Sampling of(int maxTokens, double temperature, double topP) {
    return new Sampling(maxTokens, temperature, topP, List.of());
  }
}
