package org.alignment4j.actor;

/** How a model ought to treat a prompt, which decides where its activation is moved. */
public enum PromptClass {
  /** To be refused; Q- in the paper. */
  HARMFUL,
  /** To be answered; Q+ in the paper. */
  BENIGN,
  /** To be answered although it looks harmful, and often wrongly refused; Q_PH in the paper. */
  PSEUDO_HARMFUL;

  /** Whether a prompt of this class should be answered. */
  public boolean safe() {
    return this != HARMFUL;
  }
}
