package org.alignment4j.data;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.alignment4j.core.BadDataException;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.csv.DuplicateHeaderMode;

/**
 * Reads prompt sets in CSV (RFC 4180: quoted commas, quotes and line breaks). With Commons CSV, as
 * the first flaw ends the reading of a set that is in memory anyway; {@link CsvRecords} is for
 * files of any size whose other rows are still wanted.
 */
final class CsvPrompts {
  static final CSVFormat CSV =
      CSVFormat.RFC4180
          .builder()
          .setHeader()
          .setSkipHeaderRecord(true)
          .setIgnoreEmptyLines(true)
          .setIgnoreHeaderCase(true)
          .setTrim(false)
          .setAllowMissingColumnNames(true)
          .setDuplicateHeaderMode(DuplicateHeaderMode.ALLOW_EMPTY)
          .get();

  private CsvPrompts() {}

  /** The column names of the first line; empty if the text does not begin as CSV. */
  static List<String> header(String text) {
    try (CSVParser parser = CSV.parse(new StringReader(text))) {
      return List.copyOf(parser.getHeaderNames());
    } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
      return List.of();
    }
  }

  static List<PromptRow> read(Path file, String text, PromptFormat format) {
    try (CSVParser parser = CSV.parse(new StringReader(text))) {
      for (String column : format.columns()) {
        if (!parser.getHeaderMap().containsKey(column)) {
          throw new BadDataException(
              file
                  + ": expected "
                  + format
                  + " with columns "
                  + format.columns()
                  + ", found "
                  + BadRow.shown(parser.getHeaderNames().toString()));
        }
      }
      List<PromptRow> rows = new ArrayList<>();
      for (CSVRecord record : parser) {
        String place = file + ", row " + record.getRecordNumber();
        if (!record.isConsistent()) {
          throw new BadDataException(
              String.format(
                  Locale.ROOT,
                  "%s (ends on line %d): expected %d columns, found %d",
                  place,
                  parser.getCurrentLineNumber(),
                  parser.getHeaderMap().size(),
                  record.size()));
        }
        rows.add(row(place, record, format, rows.size()));
      }
      return rows;
    } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
      throw new BadDataException(file + ": not well-formed CSV: " + e.getMessage(), e);
    }
  }

  private static PromptRow row(String place, CSVRecord record, PromptFormat format, int index) {
    String promptColumn =
        switch (format) {
          case ADVBENCH, JAILBREAKBENCH -> "goal";
          case STRONGREJECT -> "forbidden_prompt";
          case XSTEST, OR_BENCH -> "prompt";
          case TEXT, JSONL -> throw new IllegalArgumentException(format + " is not CSV");
        };
    String prompt = record.get(promptColumn);
    if (prompt.isBlank()) {
      throw new BadDataException(place + ": column " + promptColumn + " is blank");
    }
    String type = optional(record, format == PromptFormat.XSTEST ? "type" : "category");
    String id = optional(record, "id");
    return new PromptRow(
        id.isBlank() ? Integer.toString(index) : id, prompt, type, label(place, record, format));
  }

  private static PromptLabel label(String place, CSVRecord record, PromptFormat format) {
    String label = optional(record, "label");
    return switch (format) {
      case ADVBENCH, STRONGREJECT -> PromptLabel.UNSAFE;
      case XSTEST ->
          !label.isBlank()
              ? Prompts.label(place, label)
              : record.get("type").startsWith("contrast_") ? PromptLabel.UNSAFE : PromptLabel.SAFE;
      case JAILBREAKBENCH, OR_BENCH, TEXT, JSONL -> PromptLabel.UNKNOWN;
    };
  }

  private static String optional(CSVRecord record, String column) {
    return record.isMapped(column) ? record.get(column) : "";
  }
}
