package org.alignment4j.data.request;

import static org.alignment4j.internal.text.Arguments.require;

/**
 * A chat model, local or remote. Thread-safe; the caller limits the number of concurrent requests.
 */
public interface ChatModel {
  /**
   * Returns the name of the model in reports, lineage and the keys of stored answers. Models that
   * answer differently must have different names, so a local model's name contains its hash.
   */
  String name();

  /**
   * Answers one request; blocks until the answer is complete. Repeating a request may return
   * another answer; {@link RequestLedger} keeps the first.
   *
   * @throws ChatException if there is no answer; its kind states whether a later attempt or another
   *     request may succeed
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  ChatAnswer answer(ChatRequest request);

  /** Returns the number of retries of all requests so far, 0 or more; for reports. */
  default long retries() {
    return 0;
  }

  /**
   * An answer of a chat model. Immutable.
   *
   * @param text the answer, possibly empty; without the assistant message that it continues
   * @param finish the reason why it ends
   * @param promptTokens number of prompt tokens as the model counts them, 0 or more
   * @param completionTokens number of generated tokens, 0 or more
   */
  public record ChatAnswer(String text, Finish finish, long promptTokens, long completionTokens) {
    /** The reason why an answer ends. */
    public enum Finish {
      /** The model ended the answer, or generated a stop text. */
      STOP,
      /** The answer reached the maximum number of tokens. */
      LENGTH,
      /** A filter of the endpoint withheld the answer or cut it off. */
      FILTERED,
      /** Another reason, such as a tool call or an abort: the answer is incomplete. */
      OTHER
    }

    /**
     * @throws IllegalArgumentException if a number is negative
     */
    public ChatAnswer {
      require(
          promptTokens >= 0 && completionTokens >= 0,
          "tokens must be 0 or more, were %s and %s",
          promptTokens,
          completionTokens);
    }

    /**
     * Whether the model ended the answer or reached the maximum number of tokens; if not, do not
     * use the text.
     */
    public boolean usable() {
      return finish == Finish.STOP || finish == Finish.LENGTH;
    }

    /** Returns the size only; the text may be private. */
    @Override
    public String toString() {
      return "ChatAnswer[%s, %d characters, %d + %d tokens]"
          .formatted(finish, text.length(), promptTokens, completionTokens);
    }
  }
}
