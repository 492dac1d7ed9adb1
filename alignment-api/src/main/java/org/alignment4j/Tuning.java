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
}
