package org.alignment4j.sysformer;

import static org.alignment4j.core.Arguments.require;

/**
 * Weights of the four losses (section 3 of the paper), each 0 or more. Refusal and compliance are
 * means over their own kind of prompts, so that it does not matter how many there are of each.
 *
 * @param refusal of refusing harmful prompts, 1 in the paper
 * @param compliance of answering the others, 0 to 1; with 0 the guard learns to refuse everything
 * @param classification of telling the two apart by the model's last state, 0 or 1
 * @param reconstruction of keeping the system prompt's embeddings, 0 or 1
 */
public record LossWeights(
    double refusal, double compliance, double classification, double reconstruction) {
  /** Refusal and compliance alike, no other loss. */
  public static final LossWeights DEFAULT = new LossWeights(1, 1, 0, 0);

  /**
   * @throws IllegalArgumentException if a weight is negative or no number, or all are 0
   */
  public LossWeights {
    for (double w : new double[] {refusal, compliance, classification, reconstruction}) {
      require(w >= 0 && Double.isFinite(w), "a loss's weight must be 0 or more, was %s", w);
    }
    require(
        refusal + compliance + classification > 0, "nothing to learn: all losses have weight 0");
  }

  /** Weights of single requests of which the mean over all is wanted. */
  LossWeights perRequest(long harmful, long harmless) {
    double all = harmful + harmless;
    return new LossWeights(
        refusal * all / harmful, compliance * all / harmless, classification, reconstruction);
  }

  double[] toArray() {
    return new double[] {refusal, compliance, classification, reconstruction};
  }
}
