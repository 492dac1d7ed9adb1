package org.alignment4j.data;

import com.google.gson.JsonObject;
import org.jspecify.annotations.Nullable;

/** The rows of a file of any format as keys and values, one after the other. Not thread-safe. */
interface RowSource extends AutoCloseable {
  /**
   * A row.
   *
   * @param line the line where it starts, from 1; in Parquet its number
   * @param number counted from 1: the line in JSON Lines, the element in a JSON array, the record
   *     below the header in CSV, the row in Parquet
   * @param content its keys and values, with empty values of unread keys; empty if there is a flaw
   * @param flaw why it cannot be used; null if it can
   */
  record Row(long line, long number, JsonObject content, @Nullable String flaw) {
    static Row flawed(long line, long number, String flaw) {
      return new Row(line, number, new JsonObject(), flaw);
    }

    /** Returns keys and values; throws the flaw if there is one. */
    JsonObject fields() throws BadRow {
      if (flaw != null) {
        throw new BadRow(flaw);
      }
      return content;
    }
  }

  /** Returns the name of the file's container format. */
  String container();

  /** Returns the next row that is not empty; null at the end. */
  @Nullable Row next();

  @Override
  void close();
}
