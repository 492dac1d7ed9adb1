package org.alignment4j.data;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** Writes JSON Lines. */
final class JsonSink implements RowSink {
  private final OutputStream out;

  JsonSink(OutputStream out) {
    this.out = out;
  }

  @Override
  public Encoded encode(JsonObject fields) throws BadRow {
    byte[] line = (JsonPreferences.text(fields) + "\n").getBytes(StandardCharsets.UTF_8);
    LineSource.requireShort(line.length);
    return new Bytes(fields, line, out);
  }

  @Override
  public void finish() throws IOException {
    out.flush();
  }
}
