package org.alignment4j.data.filter;

import java.util.Optional;
import org.alignment4j.data.filter.Deduplicator.Duplicate;
import org.alignment4j.data.internal.NormalText;

/**
 * The kept rows, as one kind of duplicate needs them; rows are numbered from 0 as they are kept.
 */
interface DuplicateIndex {
  /**
   * A kept row that the text repeats.
   *
   * @param row its number
   * @param similarity 0 to 1
   */
  record Found(int row, double similarity) {}

  Duplicate.Reason reason();

  /** Looks for a kept row like this text, which {@link #keep} may then be told to keep. */
  Optional<Found> find(NormalText text);

  /** Keeps the text that was looked for last. */
  void keep(int row);
}
