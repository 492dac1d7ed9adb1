package org.alignment4j.data;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.alignment4j.core.BadDataException;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/** Preference files as CSV (RFC 4180: quoted commas, quotes and line breaks). */
final class CsvPreferences {
  private CsvPreferences() {}

  static boolean isHeader(List<String> header) {
    Set<String> names =
        header.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toSet());
    return names.containsAll(Set.of("chosen", "rejected"));
  }

  /**
   * @throws BadDataException if quotes are set wrong: no one knows then where the next row begins
   */
  static void read(Path file, String text, PreferenceRows rows) {
    int number = 0;
    try (CSVParser parser = CsvPrompts.CSV.parse(new StringReader(text))) {
      List<String> header = parser.getHeaderNames();
      for (CSVRecord record : parser) {
        rows.add(++number, () -> fields(header, record));
      }
    } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
      throw new BadDataException(
          file + ", row " + (number + 1) + ": not well-formed CSV: " + e.getMessage(), e);
    }
  }

  private static JsonObject fields(List<String> header, CSVRecord record) throws BadRow {
    if (record.size() != header.size()) {
      throw new BadRow("expected " + header.size() + " columns, found " + record.size());
    }
    JsonObject fields = new JsonObject();
    for (int i = 0; i < header.size(); i++) {
      String value = record.get(i);
      TextFile.requireText(value);
      fields.addProperty(header.get(i).toLowerCase(Locale.ROOT), value);
    }
    return fields;
  }
}
