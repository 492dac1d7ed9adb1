package org.alignment4j.data.request;

import org.alignment4j.core.AlignmentException;

/** A request was not sent, for it could have gone over the budget; all answers so far are kept. */
public final class BudgetException extends AlignmentException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a message for people. */
  public BudgetException(String message) {
    super(message);
  }
}
