package org.alignment4j.data;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import org.alignment4j.core.BadDataException;

/**
 * Opens preference files, detecting their format from the content, and from the name if that is
 * ambiguous.
 */
final class PreferenceSource {
  static final String EXPECTED =
      "expected JSON Lines, a JSON array, CSV or Parquet with chosen and rejected, and prompt"
          + " unless they hold it";

  private static final List<String> NEEDED = List.of("chosen", "rejected");

  private PreferenceSource() {}

  /** Whether a file is empty. */
  static boolean isEmpty(Path file) {
    return !Parquet.is(file) && LineSource.beginning(file).isBlank();
  }

  /**
   * @throws BadDataException if the file cannot be read or has another format
   */
  static RowSource open(Path file) {
    if (Parquet.is(file)) {
      return Parquet.rows(file, PreferenceRow.KEYS, NEEDED);
    }
    String beginning = LineSource.beginning(file).stripLeading();
    if (beginning.isEmpty() || beginning.startsWith("{")) {
      return new JsonRows(file, PreferenceRow.KEYS::contains);
    }
    if (beginning.startsWith("[")) {
      return new JsonArrayRows(
          file, json -> JsonPreferences.object(json, PreferenceRow.KEYS::contains));
    }
    CsvHeader header = CsvHeader.of(file, names -> names.containsAll(NEEDED));
    boolean once =
        header.names().stream()
            .filter(PreferenceRow.KEYS::contains)
            .allMatch(new HashSet<String>()::add);
    if (once && header.names().containsAll(NEEDED)) {
      return new CsvRows(file, header, NEEDED);
    }
    String name = TextFile.plainName(file);
    // The first line may be the malformed one.
    if (beginning.contains("\n{") || name.endsWith(".jsonl") || name.endsWith(".ndjson")) {
      return new JsonRows(file, PreferenceRow.KEYS::contains);
    }
    throw new BadDataException(
        file
            + ": "
            + EXPECTED
            + ", found "
            + (header.names().isEmpty() || !once
                ? "a first line that is neither"
                : BadRow.shown("columns " + header.names())));
  }
}
