package org.alignment4j.data;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.QuoteMode;

/** Writes CSV (RFC 4180) with every field quoted; values that are not text are written as JSON. */
final class CsvSink implements RowSink {
  private static final CSVFormat CSV =
      CSVFormat.RFC4180.builder().setQuoteMode(QuoteMode.ALL).get();

  private final OutputStream out;
  private final List<String> columns;

  CsvSink(OutputStream out, List<String> columns) throws IOException {
    this.out = out;
    this.columns = columns;
    out.write(bytes(columns));
  }

  @Override
  public Encoded encode(JsonObject fields) throws BadRow {
    JsonObject texts = texts(fields);
    for (String column : columns) {
      requireText(column, texts.get(column).getAsString());
    }
    byte[] record = bytes(columns.stream().map(name -> texts.get(name).getAsString()).toList());
    LineSource.requireShort(record.length);
    return new Bytes(texts, record, out);
  }

  private JsonObject texts(JsonObject fields) {
    JsonObject texts = new JsonObject();
    for (String column : columns) {
      JsonElement value = fields.get(column);
      texts.addProperty(column, value == null ? "" : JsonPreferences.cell(value));
    }
    return texts;
  }

  private static void requireText(String column, String value) throws BadRow {
    TextFile.requireWritable(column, value);
    if (value.indexOf('\0') >= 0) {
      throw new BadRow(column + " holds a zero character, which CSV cannot");
    }
  }

  private static byte[] bytes(List<String> record) {
    String line = CSV.format(record.toArray()) + "\r\n";
    return line.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void finish() throws IOException {
    out.flush();
  }
}
