package org.alignment4j.rahf;

/** The hidden states that alpha times the difference is added to. */
public enum TargetBase {
  /** Those of the start model. */
  START,
  /**
   * Those of the good condition of step 1: extrapolation beyond it. The published scripts do so in
   * Dual; in SCIT they read step 1's model without an instruction.
   */
  STEP1_GOOD
}
