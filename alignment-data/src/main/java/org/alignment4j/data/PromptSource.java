package org.alignment4j.data;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.Prompts.Format;
import org.jspecify.annotations.Nullable;

/**
 * An open prompt file, with its rows one after the other. Not thread-safe.
 *
 * @param header the columns' names if it is CSV
 * @param isArray whether it is one JSON array
 */
record PromptSource(
    Path file, Format format, RowSource rows, @Nullable CsvHeader header, boolean isArray)
    implements AutoCloseable {
  /** A plausible column name; a sentence is longer or has other punctuation. */
  private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}_ .()/#-]{0,40}");

  /**
   * Opens a file, detecting its format from the content, and from the name if that is ambiguous.
   *
   * @throws BadDataException if it cannot be read, or is not a prompt file
   */
  static PromptSource open(Path file) {
    if (Parquet.is(file)) {
      return open(file, Format.PARQUET);
    }
    String beginning = LineSource.beginning(file).stripLeading();
    String name = TextFile.plainName(file);
    boolean json = name.endsWith(".jsonl") || name.endsWith(".ndjson") || name.endsWith(".json");
    boolean text = name.endsWith(".txt");
    boolean table = name.endsWith(".csv") || name.endsWith(".tsv");
    if (json || beginning.isEmpty() || isArray(file, beginning)) {
      return open(file, Format.JSONL);
    }
    if (beginning.startsWith("{") && !table && (!text || isRow(beginning))) {
      return open(file, Format.JSONL);
    }
    CsvHeader header = CsvHeader.of(file, table ? PromptSource::isHeader : PromptSource::isSurely);
    boolean csv =
        table ? isHeader(header.names()) : isSurely(header.names()) && !(text && header.isUsual());
    if (csv) {
      Format format = Format.ofColumns(header.names()).orElse(Format.CSV);
      return csv(file, format, header);
    }
    if (table) {
      throw new BadDataException(
          file
              + ": expected one of the columns "
              + PromptReader.PROMPT_KEYS
              + ", or those of "
              + Arrays.stream(Format.values())
                  .filter(format -> !format.columns().isEmpty())
                  .map(format -> format + " " + format.columns())
                  .collect(Collectors.joining(", "))
              + "; found "
              + BadRow.shown(header.names().toString()));
    }
    return open(file, Format.TEXT);
  }

  /**
   * Opens a file in a format.
   *
   * @throws BadDataException if it cannot be read, or lacks one of the format's columns
   */
  static PromptSource open(Path file, Format format) {
    return switch (format) {
      case TEXT -> new PromptSource(file, format, new Lines(TextFile.read(file)), null, false);
      case JSONL -> {
        boolean array = JsonArrayRows.isArray(file);
        RowSource rows =
            array
                ? new JsonArrayRows(file, PromptSource::element)
                : new JsonRows(file, PromptSource::isRead);
        yield new PromptSource(file, format, rows, null, array);
      }
      case PARQUET -> {
        RowSource rows = Parquet.rows(file, PromptReader.KEYS, List.of());
        yield new PromptSource(file, format, rows, null, false);
      }
      case CSV -> csv(file, format, CsvHeader.of(file, PromptSource::isHeader));
      case XSTEST, ADVBENCH, JAILBREAKBENCH, STRONGREJECT, OR_BENCH ->
          csv(file, format, CsvHeader.of(file, names -> names.containsAll(format.columns())));
    };
  }

  private static PromptSource csv(Path file, Format format, CsvHeader header) {
    return new PromptSource(
        file, format, new CsvRows(file, header, format.columns()), header, false);
  }

  private static boolean isHeader(List<String> names) {
    return Format.ofColumns(names).isPresent()
        || names.stream().anyMatch(PromptReader.PROMPT_KEYS::contains);
  }

  private static boolean isRead(String key) {
    return PromptReader.KEYS.contains(key.toLowerCase(Locale.ROOT));
  }

  /** Whether names are a header regardless of the file's name, as they could be a line of text. */
  private static boolean isSurely(List<String> names) {
    return Format.ofColumns(names).isPresent()
        || (names.size() > 1
            && isHeader(names)
            && names.stream().allMatch(name -> NAME.matcher(name).matches()));
  }

  /** Whether a file is one array, and not text that starts with a bracket, as "[INST]" does. */
  private static boolean isArray(Path file, String beginning) {
    if (!beginning.startsWith("[")) {
      return false;
    }
    String inside = beginning.substring(1).stripLeading();
    return !inside.isEmpty()
        && "{\"]".indexOf(inside.charAt(0)) >= 0
        && LineSource.last(file) == ']';
  }

  private static boolean isRow(String beginning) {
    String line = beginning.lines().findFirst().orElse("");
    try {
      JsonObject o = JsonPreferences.object(line, PromptSource::isRead);
      return o.keySet().stream().anyMatch(PromptSource::isRead);
    } catch (BadRow e) {
      return false;
    }
  }

  /** Parses an object, or a text, which is a prompt without further properties. */
  private static JsonObject element(String json) throws BadRow {
    TextFile.requireText(json);
    if (json.isBlank()) {
      throw new BadRow("expected a JSON object or text, found nothing");
    }
    JsonElement element = PythonJson.parse(json, PromptSource::isRead);
    if (element.isJsonObject()) {
      return element.getAsJsonObject();
    }
    if (!element.isJsonPrimitive() || !element.getAsJsonPrimitive().isString()) {
      throw new BadRow("expected a JSON object or text, found " + JsonPreferences.kind(element));
    }
    return prompt(element.getAsString());
  }

  private static JsonObject prompt(String text) {
    JsonObject row = new JsonObject();
    row.add("prompt", new JsonPrimitive(text));
    return row;
  }

  /** Returns the location of a row for messages. */
  String location(RowSource.Row row) {
    String where =
        switch (format) {
          case TEXT -> "line " + row.line();
          case PARQUET -> "row " + row.number();
          case JSONL -> (isArray ? "row " + row.number() + ", " : "") + "line " + row.line();
          default -> "line " + row.line() + ", row " + row.number();
        };
    return file + ", " + where;
  }

  @Override
  public void close() {
    rows.close();
  }

  /** The lines of a text that are not blank. */
  private static final class Lines implements RowSource {
    private final List<String> lines;
    private int at;

    Lines(String text) {
      lines = text.lines().toList();
    }

    @Override
    public String container() {
      return "text";
    }

    @Override
    public @Nullable Row next() {
      while (at < lines.size()) {
        String line = lines.get(at++);
        if (!line.isBlank()) {
          return new Row(at, at, prompt(line), null);
        }
      }
      return null;
    }

    @Override
    public void close() {}
  }
}
