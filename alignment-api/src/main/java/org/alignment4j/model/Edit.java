package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;

/**
 * One steering edit, resolved for a batch.
 *
 * @param vector [1, D], or [B, D] if sequences differ
 * @param on [B, T], 1 for the tokens it applies to, else 0
 */
record Edit(Steering steering, NDArray vector, NDArray on) {
  /** Adds layer and kind of each edit to a kernel's plan. */
  static void plan(List<Edit> edits, List<Long> plan) {
    for (Edit e : edits) {
      plan.add((long) e.steering.layer().index());
      plan.add(e.steering.kind() == Steering.Kind.ADD ? 0L : 1L);
    }
  }

  /** The vector and mask of each edit. */
  static List<NDArray> tensors(List<Edit> edits) {
    List<NDArray> tensors = new ArrayList<>();
    for (Edit e : edits) {
      tensors.add(e.vector);
      tensors.add(e.on);
    }
    return tensors;
  }
}
