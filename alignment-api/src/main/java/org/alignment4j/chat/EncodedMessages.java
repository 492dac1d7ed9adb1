package org.alignment4j.chat;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.List;

/**
 * A tokenised conversation with the token range of each message's text.
 *
 * @param encoded the token ids and the start of the response
 * @param messages per message the range of the tokens of its text, without role markers; a token
 *     that spans a boundary belongs to the following text, and so does an empty line that the
 *     library inserted after a system message
 */
public record EncodedMessages(Encoded encoded, List<TokenRange> messages) {
  /** Creates an encoding; the list is copied. */
  public EncodedMessages {
    messages = List.copyOf(messages);
  }

  /**
   * A range of consecutive tokens in a sequence.
   *
   * @param start 0-based index of the first token
   * @param end index after the last token; {@code start} if the range is empty
   */
  public record TokenRange(int start, int end) {
    /**
     * @throws IllegalArgumentException if {@code start} is negative or {@code end} is less
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
