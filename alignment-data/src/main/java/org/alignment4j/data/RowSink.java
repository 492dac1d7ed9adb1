package org.alignment4j.data;

import com.google.gson.JsonObject;
import java.io.IOException;

/** Where rows go as keys and values, one after the other. For one thread. */
interface RowSink {
  /** A row in the form in which it is written. */
  interface Encoded {
    void write() throws IOException;
  }

  /**
   * The row as the format has it.
   *
   * @throws BadRow if the format cannot hold it
   */
  Encoded encode(JsonObject fields) throws BadRow;

  /** The keys and values that {@link RowSource} will find, as far as they decide what a row is. */
  JsonObject asRead(JsonObject fields) throws BadRow;

  /** Writes what stands at the file's end; does not close the stream. */
  void finish() throws IOException;
}
