package org.alignment4j.chat;

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
}
