package org.alignment4j;

import org.alignment4j.adapter.Adapter;

/** The outcome of a tuning. Immutable. */
public interface Tuning {
  /**
   * The change to the model, with its provenance; one that changes nothing if {@link #changed} is
   * false.
   */
  Adapter adapter();

  /** Whether a change was found that meets the method's conditions. */
  boolean changed();

  /** Why the tuning ended as it did, in one sentence. */
  String reason();

  /** How a tuning ended. */
  enum Outcome {
    /** A change was found that meets the method's conditions. */
    CHANGED,
    /** No change that was tried meets them. */
    UNCHANGED,
    /** Nothing was tried: the model has nothing that the method could mend. */
    NOTHING_TO_DO
  }

  /** How the tuning ended. */
  default Outcome outcome() {
    return changed() ? Outcome.CHANGED : Outcome.UNCHANGED;
  }
}
