package org.alignment4j.data.request;

import java.util.List;
import org.alignment4j.synthesis.ModelUsage;

/**
 * Sends requests so that none is paid for twice: the answer is looked up in the store, and one that
 * is new is stored before it is returned. A request that could go over the budget is not sent.
 * Threads may share it; two that ask the same at once share one answer.
 */
public interface Requests {
  /**
   * The answer to a request, from the store or else from the model.
   *
   * @throws ChatException if the model gives none
   * @throws BudgetException if the request could go over the budget
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  StoredAnswer answer(ChatModel model, ChatRequest request);

  /** What was asked through this object so far, by model; sorted by the model's name. */
  List<ModelUsage> usage();

  /**
   * What was asked in all runs that kept their answers in the same place, this one included, by
   * model; sorted by the model's name. As {@link #usage} where answers are kept for one run only.
   */
  default List<ModelUsage> usageOfAllRuns() {
    return usage();
  }
}
