package org.alignment4j.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The column names and the delimiter of a CSV file.
 *
 * @param names in lower case
 * @param delimiter a comma, or the character that programs use instead
 * @param records number of records up to and including the header
 */
record CsvHeader(List<String> names, char delimiter, int records) {
  private static final int MAX_LINE = 1 << 14;
  private static final String DELIMITERS = ",\t;|";

  /** Excel's line that specifies the delimiter. */
  private static final Pattern SEPARATOR_LINE =
      Pattern.compile("\"?sep=(.)\"?", Pattern.CASE_INSENSITIVE);

  /**
   * Reads a file's header with the first delimiter for which it is a wanted one; else with commas.
   *
   * @throws org.alignment4j.core.BadDataException if the file cannot be read
   */
  static CsvHeader of(Path file, Predicate<List<String>> wanted) {
    String beginning = LineSource.beginning(file);
    if (beginning.length() >= MAX_LINE && beginning.indexOf('\n') < 0) {
      // No header is that long; searching for its end could read the whole file.
      return new CsvHeader(List.of(), ',', 1);
    }
    CsvHeader commas = of(file, ',');
    if (!wanted.test(commas.names)) {
      for (int i = 1; i < DELIMITERS.length(); i++) {
        CsvHeader other = of(file, DELIMITERS.charAt(i));
        if (wanted.test(other.names)) {
          return other;
        }
      }
    }
    return commas;
  }

  /** Whether its delimiter is the comma, which also occurs in plain text. */
  boolean isUsual() {
    return delimiter == ',' && records == 1;
  }

  private static CsvHeader of(Path file, char delimiter) {
    try (LineSource lines = new LineSource(file)) {
      CsvRecords records = new CsvRecords(lines, delimiter);
      CsvRecords.Fields first = records.next();
      if (first == null) {
        return new CsvHeader(List.of(), delimiter, 1);
      }
      Matcher separatorLine =
          SEPARATOR_LINE.matcher(String.join(Character.toString(delimiter), first.fields()));
      if (separatorLine.matches()) {
        char own = separatorLine.group(1).charAt(0);
        CsvRecords.Fields second = new CsvRecords(lines, own).next();
        return new CsvHeader(second == null ? List.of() : names(second), own, 2);
      }
      return new CsvHeader(names(first), delimiter, 1);
    }
  }

  private static List<String> names(CsvRecords.Fields header) {
    return header.fields().stream().map(name -> name.strip().toLowerCase(Locale.ROOT)).toList();
  }

  /** Returns the name of a delimiter. */
  static String name(char delimiter) {
    return switch (delimiter) {
      case ',' -> "comma";
      case ';' -> "semicolon";
      case '\t' -> "tab";
      default -> "'" + delimiter + "'";
    };
  }
}
