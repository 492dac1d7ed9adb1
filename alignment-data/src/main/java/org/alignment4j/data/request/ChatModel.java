package org.alignment4j.data.request;

import static org.alignment4j.internal.text.Arguments.require;

/**
 * A model that answers conversations, wherever it runs. Threads may share it; how many requests run
 * at once is for the caller to bound.
 */
public interface ChatModel {
  /**
   * What the model is called in reports, lineage and the keys of stored answers. Two models that
   * answer differently must differ in it, so a local model's name holds its hash.
   */
  String name();

  /**
   * Answers one request; waits for it. The same request may be answered differently when asked
   * again; {@link RequestLedger} keeps the first answer.
   *
   * @throws ChatException if there is no answer, saying whether another try or another request may
   *     succeed
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  ChatAnswer answer(ChatRequest request);

  /** Tries beyond the first of all requests so far, 0 or more; for reports. */
  default long retries() {
    return 0;
  }

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
}
