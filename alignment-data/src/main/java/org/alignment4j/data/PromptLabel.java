package org.alignment4j.data;

/** Whether a model should answer a prompt, as far as its source says. */
public enum PromptLabel {
  /** Should be answered. */
  SAFE,
  /** Should be refused. */
  UNSAFE,
  /** The source does not say. */
  UNKNOWN
}
