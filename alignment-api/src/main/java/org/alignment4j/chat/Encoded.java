package org.alignment4j.chat;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Arrays;

/**
 * A tokenised training example.
 *
 * @param ids the token ids of prompt and response, tokenised as one text, [T]
 * @param responseStart 0-based index of the first token of the response, in [0, T]; the tokens
 *     before it are the prompt
 */
public record Encoded(int[] ids, int responseStart) {
  /**
   * @throws IllegalArgumentException if {@code responseStart} is outside [0, T]
   */
  public Encoded {
    require(
        responseStart >= 0 && responseStart <= ids.length,
        "responseStart must be in [0, %s], was %s",
        ids.length,
        responseStart);
    ids = ids.clone();
  }

  /** A copy of the token ids, [T]. */
  @Override
  public int[] ids() {
    return ids.clone();
  }

  /** The number of tokens of the response, including its end-of-turn token. */
  public int responseLength() {
    return ids.length - responseStart;
  }

  /**
   * The number of the response's tokens that a model predicts: all except the first token of the
   * whole sequence, which has no context.
   */
  public int predictedLength() {
    return ids.length - Math.max(1, responseStart);
  }

  /** The response's token ids. */
  public int[] responseIds() {
    return Arrays.copyOfRange(ids, responseStart, ids.length);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Encoded that
        && responseStart == that.responseStart
        && Arrays.equals(ids, that.ids);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(ids) + responseStart;
  }

  @Override
  public String toString() {
    return "Encoded[" + ids.length + " tokens, response from " + responseStart + "]";
  }
}
