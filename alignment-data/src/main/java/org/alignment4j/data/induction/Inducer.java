package org.alignment4j.data.induction;

import java.util.List;
import org.alignment4j.data.request.Requests;
import org.alignment4j.synthesis.SourceText;

/**
 * Finds instructions to which a text would be the answer (Safer-Instruct, stage 2). Threads may
 * share it.
 */
public interface Inducer {
  /** Most instructions of one text. */
  int MAX_SAMPLES = 4;

  /** What it is called in reports and lineage; it differs where instructions could. */
  String name();

  /**
   * Draws instructions for a text. The i-th depends on the text, the seed and i, and not on {@code
   * n}, on other texts or on the text's place among them. Equal ones may be among them.
   *
   * @param n instructions, 1 to {@link #MAX_SAMPLES}
   * @param seed of the text
   * @param requests through which a model is asked, so that no instruction is drawn twice
   * @return n inductions, in order
   * @throws IllegalArgumentException if n is out of its range
   * @throws org.alignment4j.data.request.ChatException if the model gives no answer
   * @throws org.alignment4j.data.request.BudgetException if a request could go over the budget; the
   *     answers before it are stored
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  List<Induction> induce(SourceText text, int n, long seed, Requests requests);
}
