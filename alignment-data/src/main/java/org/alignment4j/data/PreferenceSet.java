package org.alignment4j.data;

import static org.alignment4j.core.Arguments.require;

import java.util.List;
import org.alignment4j.tune.PreferencePair;

/**
 * The pairs of a preference file, and the rows of it that hold no usable pair. Every row of the
 * file is in one list or the other. Immutable.
 *
 * @param pairs the usable pairs, in the file's order
 * @param skipped the other rows, in the file's order
 */
public record PreferenceSet(List<PreferencePair> pairs, List<Skipped> skipped) {
  /** Copies the lists. */
  public PreferenceSet {
    pairs = List.copyOf(pairs);
    skipped = List.copyOf(skipped);
  }

  /**
   * A row that holds no usable pair.
   *
   * @param row counted from 1: the line in JSON Lines, the element in a JSON array, the record
   *     below the header in CSV, the row in Parquet
   * @param reason what was expected and what was found, on one line; holds no text of prompts or
   *     responses beyond key names
   */
  public record Skipped(int row, String reason) {
    /**
     * @throws IllegalArgumentException if row is below 1
     */
    public Skipped {
      require(row >= 1, "rows are counted from 1, found %s", row);
    }
  }

  /** How many rows the file has: pairs and skipped. */
  public int rows() {
    return pairs.size() + skipped.size();
  }

  /** The sizes; the texts may be private. */
  @Override
  public String toString() {
    return "PreferenceSet[" + pairs.size() + " pairs, " + skipped.size() + " skipped]";
  }
}
