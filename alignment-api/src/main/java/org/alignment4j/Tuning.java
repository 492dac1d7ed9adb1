package org.alignment4j;

import java.util.List;
import org.alignment4j.adapter.Artifact;
import org.alignment4j.train.TrainingResult;

/**
 * The outcome of a tuning; methods that measure more add it. Immutable.
 *
 * @param <A> what is learned
 */
public interface Tuning<A extends Artifact> {
  /**
   * What was learned, with its provenance; it changes nothing unless the outcome is {@link
   * Outcome#CHANGED}.
   */
  A adapter();

  /** How the tuning ended. */
  default Outcome outcome() {
    return Outcome.CHANGED;
  }

  /** Whether a change was found that meets the method's conditions. */
  default boolean changed() {
    return outcome() == Outcome.CHANGED;
  }

  /** Why the tuning ended as it did, in one sentence. */
  String reason();

  /** Steps and losses of the training; of several, the last one's. */
  TrainingResult training();

  /** The rows of the data that could not be learned from. */
  default List<Unused> unused() {
    return List.of();
  }

  /** How a tuning ended. */
  enum Outcome {
    /** A change was found that meets the method's conditions. */
    CHANGED,
    /** No change that was tried meets them. */
    UNCHANGED,
    /** Nothing was tried: the model has nothing that the method could mend. */
    NOTHING_TO_DO
  }

  /**
   * A row that was left out.
   *
   * @param index of the row in the data, from 0
   * @param reason why; holds nothing of the row's text
   */
  record Unused(int index, String reason) {}

  /** The outcome of a method that has no conditions and measures nothing besides its training. */
  static <A extends Artifact> Tuning<A> of(
      A adapter, String reason, TrainingResult training, List<Unused> unused) {
    return new PlainTuning<>(adapter, reason, training, List.copyOf(unused));
  }
}
