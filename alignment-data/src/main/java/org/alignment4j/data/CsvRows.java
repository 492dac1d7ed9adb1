package org.alignment4j.data;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.alignment4j.core.BadDataException;
import org.jspecify.annotations.Nullable;

/** The rows of CSV with a header; the keys are the header's names in lower case. */
final class CsvRows implements RowSource {
  private final LineSource lines;
  private final CsvRecords records;
  private final List<String> header;
  private final char delimiter;
  private long number;

  /**
   * @throws BadDataException unless the header has each of the columns, once
   */
  CsvRows(Path file, List<String> needed) {
    this(file, CsvHeader.of(file, names -> names.containsAll(needed)), needed);
  }

  /**
   * @param columns the columns of the file
   * @throws BadDataException unless it has each of the needed columns, once
   */
  CsvRows(Path file, CsvHeader columns, List<String> needed) {
    header = columns.names();
    delimiter = columns.delimiter();
    Set<String> seen = new HashSet<>();
    boolean twice = header.stream().anyMatch(name -> !seen.add(name) && needed.contains(name));
    if (twice || !seen.containsAll(needed)) {
      throw new BadDataException(
          BadRow.shown(file + ": expected columns " + needed + ", found " + header));
    }
    lines = new LineSource(file);
    records = new CsvRecords(lines, delimiter);
    for (long i = 0; i < columns.records(); i++) {
      records.next();
    }
  }

  @Override
  public String container() {
    return delimiter == ',' ? "CSV" : "CSV with " + CsvHeader.name(delimiter) + "s";
  }

  @Override
  public @Nullable Row next() {
    CsvRecords.Fields record = records.next();
    if (record == null) {
      return null;
    }
    number++;
    List<String> values = record.fields();
    if (record.flaw() != null) {
      return Row.flawed(record.line(), number, record.flaw());
    }
    if (values.size() != header.size()) {
      return Row.flawed(
          record.line(), number, "expected " + header.size() + " columns, found " + values.size());
    }
    JsonObject fields = new JsonObject();
    for (int i = 0; i < values.size(); i++) {
      fields.addProperty(header.get(i), values.get(i));
    }
    return new Row(record.line(), number, fields, null);
  }

  @Override
  public void close() {
    lines.close();
  }
}
