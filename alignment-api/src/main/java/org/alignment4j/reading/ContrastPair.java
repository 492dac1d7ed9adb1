package org.alignment4j.reading;

import static org.alignment4j.core.Arguments.require;

import java.util.List;
import java.util.stream.IntStream;
import org.alignment4j.chat.Prompt;

/**
 * Two prompts that differ, as far as can be, in nothing but what is to be read. A prompt that ends
 * with an assistant message is read as a finished conversation, its end-of-turn token included.
 *
 * @param positive the one that has it
 * @param negative the one that lacks it
 */
public record ContrastPair(Prompt positive, Prompt negative) {
  /**
   * Pairs the i-th with the i-th.
   *
   * @throws IllegalArgumentException if the lists differ in size
   */
  public static List<ContrastPair> of(List<Prompt> positive, List<Prompt> negative) {
    require(
        positive.size() == negative.size(),
        "%s positive prompts cannot be paired with %s negative ones",
        positive.size(),
        negative.size());
    return IntStream.range(0, positive.size())
        .mapToObj(i -> new ContrastPair(positive.get(i), negative.get(i)))
        .toList();
  }
}
