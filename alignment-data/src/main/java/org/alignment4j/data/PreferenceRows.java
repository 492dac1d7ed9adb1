package org.alignment4j.data;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.core.BadDataException;
import org.alignment4j.tune.PreferencePair;

/** Sorts a file's rows, as they are read, into pairs and skipped ones. */
final class PreferenceRows {
  private final List<PreferencePair> pairs = new ArrayList<>();
  private final List<PreferenceSet.Skipped> skipped = new ArrayList<>();

  /** One row of a file of whatever format. */
  interface Row {
    /** The row's keys or columns with their values. */
    JsonObject fields() throws BadRow;
  }

  /**
   * @param number counted from 1
   */
  void add(int number, Row row) {
    try {
      pairs.add(PreferenceRow.pair(row.fields(), number));
    } catch (BadRow e) {
      skipped.add(new PreferenceSet.Skipped(number, e.reason()));
    }
  }

  /**
   * @throws BadDataException if the file has more rows than an int counts
   */
  void add(RowSource.Row row) {
    if (row.number() > Integer.MAX_VALUE) {
      throw new BadDataException("expected at most " + Integer.MAX_VALUE + " rows, found more");
    }
    add((int) row.number(), row::fields);
  }

  PreferenceSet toSet() {
    return new PreferenceSet(pairs, skipped);
  }
}
