package org.alignment4j.rahf;

import static org.alignment4j.core.Arguments.require;

import java.util.Arrays;
import org.alignment4j.chat.Encoded;

/**
 * A pair of responses as token ids.
 *
 * @param chosen the preferred response
 * @param rejected the other one
 */
public record EncodedPair(Response chosen, Response rejected) {
  /**
   * A response behind its prompt as it is, and behind the prompt with the good and with the bad
   * instruction; the same response tokens in all three.
   *
   * @param plain prompt and response
   * @param good the same under the good instruction
   * @param bad the same under the bad one
   */
  public record Response(Encoded plain, Encoded good, Encoded bad) {
    /**
     * @throws IllegalArgumentException if there is no response or its tokens differ
     */
    public Response {
      require(plain.predictedLength() > 0, "the response has no tokens");
      require(
          Arrays.equals(plain.responseIds(), good.responseIds())
              && Arrays.equals(plain.responseIds(), bad.responseIds()),
          "the response has other tokens under an instruction");
    }
  }

  /** A pair for methods without instructions. */
  public static EncodedPair of(Encoded chosen, Encoded rejected) {
    return new EncodedPair(
        new Response(chosen, chosen, chosen), new Response(rejected, rejected, rejected));
  }
}
