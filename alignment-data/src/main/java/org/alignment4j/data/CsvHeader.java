package org.alignment4j.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The column names of a CSV file, and what stands between its fields.
 *
 * @param names in lower case
 * @param delimiter a comma, or what programs write in its place
 * @param records how many there are up to and with the header
 */
record CsvHeader(List<String> names, char delimiter, int records) {
  private static final int LONGEST = 1 << 14;
  private static final String DELIMITERS = ",\t;|";

  /** Excel's line that tells the delimiter. */
  private static final Pattern TOLD = Pattern.compile("\"?sep=(.)\"?", Pattern.CASE_INSENSITIVE);

  /**
   * A file's header with the first delimiter that makes it one that is looked for; else with
   * commas.
   *
   * @throws org.alignment4j.core.BadDataException if the file cannot be read
   */
  static CsvHeader of(Path file, Predicate<List<String>> wanted) {
    String beginning = LineSource.beginning(file);
    if (beginning.length() >= LONGEST && beginning.indexOf('\n') < 0) {
      // No header has that length; to look for its end would mean to read all of the file.
      return new CsvHeader(List.of(), ',', 1);
    }
    CsvHeader commas = of(file, ',');
    if (!wanted.test(commas.names)) {
      for (char delimiter : DELIMITERS.toCharArray()) {
        CsvHeader other = of(file, delimiter);
        if (wanted.test(other.names)) {
          return other;
        }
      }
    }
    return commas;
  }

  /** Whether its fields stand between commas, as some lines of text do too. */
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
      Matcher told = TOLD.matcher(String.join(Character.toString(delimiter), first.fields()));
      if (told.matches()) {
        char own = told.group(1).charAt(0);
        CsvRecords.Fields second = new CsvRecords(lines, own).next();
        return new CsvHeader(second == null ? List.of() : names(second), own, 2);
      }
      return new CsvHeader(names(first), delimiter, 1);
    }
  }

  private static List<String> names(CsvRecords.Fields header) {
    return header.fields().stream().map(name -> name.strip().toLowerCase(Locale.ROOT)).toList();
  }

  /** A delimiter in words. */
  static String name(char delimiter) {
    return switch (delimiter) {
      case ',' -> "comma";
      case ';' -> "semicolon";
      case '\t' -> "tab";
      default -> "'" + delimiter + "'";
    };
  }
}
