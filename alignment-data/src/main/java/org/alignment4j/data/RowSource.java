package org.alignment4j.data;

import com.google.gson.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a file as keys and values, one after the other, whatever the file's format. For one
 * thread.
 */
interface RowSource extends AutoCloseable {
  /**
   * A row.
   *
   * @param line where it begins, from 1; in Parquet its number
   * @param number counted from 1: the line in JSON Lines, the record below the header in CSV, the
   *     row in Parquet
   * @param content its keys and values, of keys that are not read empty ones; empty if there is a
   *     flaw
   * @param flaw why it cannot be used; null if it can
   */
  record Row(long line, long number, JsonObject content, @Nullable String flaw) {
    static Row flawed(long line, long number, String flaw) {
      return new Row(line, number, new JsonObject(), flaw);
    }

    /** Keys and values. */
    JsonObject fields() throws BadRow {
      if (flaw != null) {
        throw new BadRow(flaw);
      }
      return content;
    }
  }

  /** What the file is written in, in words. */
  String container();

  /** The next row that is not empty; null at the end. */
  @Nullable Row next();

  @Override
  void close();
}
