package org.alignment4j.rahf;

/** How far a hidden state is from its target. */
public enum FitLoss {
  /** The Euclidean distance, as in the published scripts: robust against a few far rows. */
  NORM,
  /** Its square, as in the paper. */
  SQUARED
}
