package org.alignment4j.rahf;

/** The hidden states that alpha times the difference is added to. */
public enum TargetBase {
  /** Those of the start model. */
  START,
  /**
   * Those of the good condition of step 1, as in the published scripts: extrapolation beyond it.
   */
  STEP1_GOOD
}
