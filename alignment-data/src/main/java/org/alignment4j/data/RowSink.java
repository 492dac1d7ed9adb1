package org.alignment4j.data;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.OutputStream;

/** Writes rows of keys and values, one after the other. Not thread-safe. */
interface RowSink {
  /** A row encoded in the file's format. */
  interface Encoded {
    /**
     * Returns the keys and values that {@link RowSource} will return, as far as they determine the
     * row's form.
     */
    JsonObject asRead();

    /** Writes the row. */
    void write() throws IOException;
  }

  /** A row encoded as bytes. */
  record Bytes(JsonObject asRead, byte[] bytes, OutputStream out) implements Encoded {
    @Override
    public void write() throws IOException {
      out.write(bytes);
    }
  }

  /**
   * Encodes a row in the format.
   *
   * @throws BadRow if the format cannot represent it
   */
  Encoded encode(JsonObject fields) throws BadRow;

  /** Writes the end of the file; does not close the stream. */
  void finish() throws IOException;
}
