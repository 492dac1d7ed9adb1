package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;

/**
 * Inverse frequencies of the rotary embedding, which in some models depend on the sequence length.
 */
final class RotaryFrequencies {
  private final Rope rope;
  private final float[] powers;

  /** [1, R/2], for sequences within the original context and for longer ones. */
  private final NDArray within;

  private final NDArray beyond;

  /**
   * @param powers base^(2i/R) [R/2]
   */
  RotaryFrequencies(Rope rope, float[] powers, NDManager manager) {
    this.rope = rope;
    this.powers = powers;
    int border = rope.switchesAbove();
    this.within = row(manager, border);
    this.beyond = border == 0 ? within : row(manager, border + 1);
  }

  private NDArray row(NDManager manager, int length) {
    return manager.create(rope.frequencies(powers, length)).expandDims(0);
  }

  /** [1, R/2], or [B, R/2] if sequences of these lengths need different ones. */
  NDArray of(NDManager scope, int[] lengths) {
    int border = rope.switchesAbove();
    long longer = Arrays.stream(lengths).filter(n -> n > border).count();
    if (border == 0 || longer == 0) {
      return within;
    }
    if (longer == lengths.length) {
      return beyond;
    }
    float[][] rows = new float[lengths.length][];
    for (int b = 0; b < rows.length; b++) {
      rows[b] = rope.frequencies(powers, lengths[b]);
    }
    return scope.create(rows);
  }
}
