package org.alignment4j.data.request;

import static org.alignment4j.core.Arguments.require;

/**
 * What a chat model answered. Immutable.
 *
 * @param text the answer, possibly empty; without the message that it went on with
 * @param finish why it ends
 * @param promptTokens tokens that were read, 0 or more, as the model counts
 * @param completionTokens tokens that were written, 0 or more
 */
public record ChatAnswer(String text, Finish finish, long promptTokens, long completionTokens) {
  /** Why an answer ends. */
  public enum Finish {
    /** The model was done, or came to a stop text. */
    STOP,
    /** It came to the most tokens that were allowed. */
    LENGTH,
    /** A filter of the endpoint withheld it or cut it off. */
    FILTERED,
    /** Something else ended it, such as a call of a tool or an abort: it is no whole answer. */
    OTHER
  }

  /**
   * @throws IllegalArgumentException if a number is below 0
   */
  public ChatAnswer {
    require(
        promptTokens >= 0 && completionTokens >= 0,
        "tokens must be 0 or more, were %s and %s",
        promptTokens,
        completionTokens);
  }

  /** Whether the model ended it itself or at the most tokens; if not, its text is no answer. */
  public boolean usable() {
    return finish == Finish.STOP || finish == Finish.LENGTH;
  }

  /** The size; the text may be private. */
  @Override
  public String toString() {
    return "ChatAnswer[%s, %d characters, %d + %d tokens]"
        .formatted(finish, text.length(), promptTokens, completionTokens);
  }
}
