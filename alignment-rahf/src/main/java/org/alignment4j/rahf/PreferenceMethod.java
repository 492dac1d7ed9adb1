package org.alignment4j.rahf;

/** How a model learns from pairs of preferred and dispreferred responses. */
public enum PreferenceMethod {
  /** Supervised fine-tuning on the chosen responses. */
  SFT,
  /** Direct preference optimization. */
  DPO,
  /**
   * LoRRA on preference data: the good and the bad instruction of the start model itself give the
   * directions; nothing is taught first.
   */
  LORRA,
  /** RAHF-SCIT: one model learns both instructions, then their difference is fitted. */
  RAHF_SCIT,
  /** RAHF-Dual: one model learns the chosen, one the rejected responses, then as above. */
  RAHF_DUAL,
  /**
   * Dual's two models, whose weights instead of hidden states are extrapolated, W_good + a (W_good
   * - W_bad); nothing is fitted.
   */
  WEIGHT_EXTRAPOLATION;

  /** Whether a good and a bad instruction are the two conditions. */
  public boolean instructed() {
    return this == LORRA || this == RAHF_SCIT;
  }

  /** Whether hidden states are fitted in a second step. */
  public boolean fits() {
    return this == LORRA || this == RAHF_SCIT || this == RAHF_DUAL;
  }
}
