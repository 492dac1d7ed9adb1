package org.alignment4j.data.synthesis;

/**
 * One step of synthesis: from an item come no, one or several items of the next kind, and a reason
 * for each that does not go on. What comes of an item depends on it alone, so that items can be
 * worked on in any order and place. Threads may share a stage.
 *
 * @param <I> what comes in
 * @param <O> what goes on
 */
public interface Stage<I, O> {
  /** What the stage is called in reports. */
  String name();

  /**
   * Works on an item.
   *
   * @throws org.alignment4j.data.request.ChatException if a model that is needed does not answer
   * @throws org.alignment4j.data.request.BudgetException if a request could go over the budget
   */
  StageResult<O> apply(I item);
}
