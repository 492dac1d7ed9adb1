package org.alignment4j.data;

import static org.alignment4j.core.Arguments.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.alignment4j.core.BadDataException;

/**
 * Reads and writes prompt sets: evaluation and tuning prompts with id, type and label. Files are
 * UTF-8, with or without byte order mark, plain or gzip. Stateless; threads may share it.
 */
public final class Prompts {
  private Prompts() {}

  /**
   * Reads a file in the format that its name and first line show: {@code .jsonl}, {@code .ndjson}
   * and {@code .json} are JSON Lines, {@code .txt} is text, {@code .csv} is told by its columns;
   * under another name a known CSV header or a first line that begins with a brace decides, and
   * text is what remains. A trailing {@code .gz} is looked past.
   *
   * @return at least one row, in the file's order, ids unique
   * @throws BadDataException naming file and row if it cannot be read as such, or holds no prompt
   */
  public static List<PromptRow> read(Path file) {
    String text = TextFile.read(file);
    return read(file, text, detect(file, text));
  }

  /**
   * Reads a file in the given format, whatever its name.
   *
   * @return at least one row, in the file's order, ids unique
   * @throws BadDataException naming file and row if it cannot be read as such, or holds no prompt
   */
  public static List<PromptRow> read(Path file, PromptFormat format) {
    return read(file, TextFile.read(file), format);
  }

  /** The prompts alone, in order. */
  public static List<String> texts(List<PromptRow> rows) {
    return rows.stream().map(PromptRow::prompt).toList();
  }

  /**
   * Writes JSON Lines, {@code {"id", "prompt", "type", "label"}}; gzip if the name ends in {@code
   * .gz}. The file appears whole or not at all.
   *
   * @throws BadDataException if the file cannot be written
   */
  public static void writeJsonl(Path file, List<PromptRow> rows) {
    TextFile.write(file, rows.stream().map(JsonLinesPrompts::write).toList());
  }

  /**
   * Writes one prompt a line, without id, type and label; gzip if the name ends in {@code .gz}. The
   * file appears whole or not at all.
   *
   * @throws IllegalArgumentException if a prompt has a line break, which this format cannot hold
   * @throws BadDataException if the file cannot be written
   */
  public static void writeText(Path file, List<PromptRow> rows) {
    for (PromptRow row : rows) {
      require(
          row.prompt().lines().limit(2).count() < 2
              && !row.prompt().endsWith("\n")
              && !row.prompt().endsWith("\r"),
          "prompt %s has a line break; write JSON Lines instead",
          row.id());
    }
    TextFile.write(file, texts(rows));
  }

  /** The label a source writes as a word. */
  static PromptLabel label(String place, String word) {
    return switch (word.strip().toLowerCase(Locale.ROOT)) {
      case "safe", "benign" -> PromptLabel.SAFE;
      case "unsafe", "harmful" -> PromptLabel.UNSAFE;
      case "unknown" -> PromptLabel.UNKNOWN;
      default ->
          throw new BadDataException(
              place + ": expected label safe, unsafe or unknown, found '" + word + "'");
    };
  }

  private static List<PromptRow> read(Path file, String text, PromptFormat format) {
    if (text.isBlank()) {
      throw new BadDataException(file + ": the file is empty");
    }
    List<PromptRow> rows =
        switch (format) {
          case JSONL -> JsonLinesPrompts.read(file, text);
          case TEXT -> lines(text);
          case XSTEST, ADVBENCH, JAILBREAKBENCH, STRONGREJECT, OR_BENCH ->
              CsvPrompts.read(file, text, format);
        };
    if (rows.isEmpty()) {
      throw new BadDataException(file + ": expected at least one prompt, found only a header");
    }
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < rows.size(); i++) {
      if (!ids.add(rows.get(i).id())) {
        throw new BadDataException(
            file + ", row " + (i + 1) + ": id " + rows.get(i).id() + " appears twice");
      }
    }
    return List.copyOf(rows);
  }

  private static List<PromptRow> lines(String text) {
    List<PromptRow> rows = new ArrayList<>();
    for (String line : text.lines().toList()) {
      if (!line.isBlank()) {
        rows.add(PromptRow.of(Integer.toString(rows.size()), line));
      }
    }
    return rows;
  }

  private static PromptFormat detect(Path file, String text) {
    String name = TextFile.plainName(file);
    if (name.endsWith(".jsonl") || name.endsWith(".ndjson") || name.endsWith(".json")) {
      return PromptFormat.JSONL;
    }
    if (name.endsWith(".txt")) {
      return PromptFormat.TEXT;
    }
    List<String> header = CsvPrompts.header(text);
    Optional<PromptFormat> csv = PromptFormat.ofColumns(header);
    if (csv.isPresent()) {
      return csv.get();
    }
    if (name.endsWith(".csv") && !text.isBlank()) {
      throw new BadDataException(
          file
              + ": expected the columns of one of "
              + java.util.Arrays.stream(PromptFormat.values())
                  .filter(PromptFormat::isCsv)
                  .map(format -> format + " " + format.columns())
                  .collect(Collectors.joining(", "))
              + "; found "
              + BadRow.shown(header.toString()));
    }
    return text.stripLeading().startsWith("{") ? PromptFormat.JSONL : PromptFormat.TEXT;
  }
}
