package org.alignment4j.data.request;

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
}
