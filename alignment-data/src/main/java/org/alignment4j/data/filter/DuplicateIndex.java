package org.alignment4j.data.filter;

import java.util.Optional;
import org.alignment4j.data.filter.Deduplicator.Duplicate;
import org.alignment4j.data.internal.NormalText;

/**
 * An index of the kept rows for one kind of duplicate; rows are numbered from 0 in the order in
 * which they are kept.
 */
interface DuplicateIndex {
  /**
   * A kept row that a text duplicates.
   *
   * @param row its number
   * @param similarity 0 to 1
   */
  record Found(int row, double similarity) {}

  Duplicate.Reason reason();

  /** Searches for a kept row that this text duplicates; {@link #keep} may then add the text. */
  Optional<Found> find(NormalText text);

  /** Adds the text of the last search. */
  void keep(int row);
}
