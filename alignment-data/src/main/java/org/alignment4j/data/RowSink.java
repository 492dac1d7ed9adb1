package org.alignment4j.data;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.OutputStream;

/** Where rows go as keys and values, one after the other. For one thread. */
interface RowSink {
  /** A row in the form in which it is written. */
  interface Encoded {
    /** The keys and values that {@link RowSource} will find, as far as they decide what it is. */
    JsonObject asRead();

    /** Writes it. */
    void write() throws IOException;
  }

  /** A row of bytes. */
  record Bytes(JsonObject asRead, byte[] bytes, OutputStream out) implements Encoded {
    @Override
    public void write() throws IOException {
      out.write(bytes);
    }
  }

  /**
   * The row as the format has it.
   *
   * @throws BadRow if the format cannot hold it
   */
  Encoded encode(JsonObject fields) throws BadRow;

  /** Writes what stands at the file's end; does not close the stream. */
  void finish() throws IOException;
}
