package org.alignment4j;

import java.util.List;
import org.alignment4j.adapter.Artifact;
import org.alignment4j.train.TrainingResult;

/**
 * The result of a tuning; methods that measure more extend it. Immutable.
 *
 * @param <A> the artifact that is learned
 */
public interface Tuning<A extends Artifact> {
  /**
   * The learned adapter with its provenance. It leaves the model unchanged unless the outcome is
   * {@link Outcome#CHANGED}.
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

  /** The reason for the outcome, in one sentence. */
  String reason();

  /** Steps and losses of the training, or of the last one if there were several. */
  TrainingResult training();

  /** The rows of the data that were not used for training. */
  default List<Unused> unused() {
    return List.of();
  }

  /** How a tuning ended. */
  enum Outcome {
    /** A change was found that meets the method's conditions. */
    CHANGED,
    /** No attempted change meets the method's conditions. */
    UNCHANGED,
    /** Nothing was attempted: the model already meets the method's goal. */
    NOTHING_TO_DO
  }

  /**
   * A row that was left out.
   *
   * @param index 0-based index of the row in the data
   * @param reason why it was left out; contains nothing of the row's text
   */
  record Unused(int index, String reason) {}

  /** The result of a method that has no conditions and measures nothing but its training. */
  static <A extends Artifact> Tuning<A> of(
      A adapter, String reason, TrainingResult training, List<Unused> unused) {
    return new PlainTuning<>(adapter, reason, training, List.copyOf(unused));
  }
}
