package org.alignment4j.data;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.alignment4j.core.BadDataException;
import org.jspecify.annotations.Nullable;

/** The rows of CSV with a header; the keys are the header's names in lower case. */
final class CsvRows implements RowSource {
  private final LineSource lines;
  private final CsvRecords records;
  private final List<String> header;
  private long number;

  /**
   * @throws BadDataException unless the header has each of the columns, once
   */
  CsvRows(Path file, List<String> needed) {
    lines = new LineSource(file);
    try {
      records = new CsvRecords(lines);
      header = header(records);
      Set<String> seen = new HashSet<>();
      boolean twice = header.stream().anyMatch(name -> !seen.add(name) && needed.contains(name));
      if (twice || !seen.containsAll(needed)) {
        throw new BadDataException(
            BadRow.shown(file + ": expected columns " + needed + ", found " + header));
      }
    } catch (RuntimeException e) {
      lines.close();
      throw e;
    }
  }

  /** The names in a file's first record; empty if it is none. */
  static List<String> header(Path file) {
    try (LineSource lines = new LineSource(file)) {
      return header(new CsvRecords(lines));
    }
  }

  private static List<String> header(CsvRecords records) {
    CsvRecords.Fields first = records.next();
    return first == null
        ? List.of()
        : first.fields().stream().map(name -> name.strip().toLowerCase(Locale.ROOT)).toList();
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
