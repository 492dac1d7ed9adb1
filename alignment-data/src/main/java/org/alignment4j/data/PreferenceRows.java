package org.alignment4j.data;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.Preferences.Contents;
import org.alignment4j.tune.PreferencePair;

/** Collects a file's rows as pairs and skipped ones. */
final class PreferenceRows {
  private final List<PreferencePair> pairs = new ArrayList<>();
  private final List<Contents.Skipped> skipped = new ArrayList<>();
  private final TemplateMarkers markers = new TemplateMarkers();

  /** One row of a file of any format. */
  interface Row {
    /** Returns the row's keys or columns with their values. */
    JsonObject fields() throws BadRow;
  }

  /**
   * @param number counted from 1
   */
  void add(int number, Row row) {
    try {
      PreferencePair pair = PreferenceRow.pair(row.fields(), number);
      markers.add(number, texts(pair));
      pairs.add(pair);
    } catch (BadRow e) {
      skipped.add(new Contents.Skipped(number, e.reason()));
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

  /** Returns the texts of a pair that are searched for template markers. */
  static List<String> texts(PreferencePair pair) {
    return List.of(pair.prompt().last().text(), pair.chosen(), pair.rejected());
  }

  /** Returns the rows added; warns of markers of chat templates, once. */
  Contents toSet(Path file) {
    markers.warn(file, pairs.size(), "pairs");
    return new Contents(pairs, skipped);
  }
}
