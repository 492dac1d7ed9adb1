package org.alignment4j.chat;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.List;

/**
 * A tokenised conversation, with where the text of each message stands in it.
 *
 * @param encoded the token ids, and where the response begins
 * @param messages per message the tokens that hold its text, without role markers; a token that
 *     straddles a border belongs to what follows, and so does an empty line that the library put
 *     behind a system message
 */
public record EncodedMessages(Encoded encoded, List<TokenRange> messages) {
  /** Copies the list. */
  public EncodedMessages {
    messages = List.copyOf(messages);
  }

  /**
   * Tokens one behind the other in a sequence.
   *
   * @param start 0-based index of the first
   * @param end index behind the last; {@code start} if there is none
   */
  public record TokenRange(int start, int end) {
    /**
     * @throws IllegalArgumentException if the range is none
     */
    public TokenRange {
      require(start >= 0 && end >= start, "no range of tokens: %s to %s", start, end);
    }

    /** Number of tokens. */
    public int length() {
      return end - start;
    }
  }
}
