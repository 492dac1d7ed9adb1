package org.alignment4j.data;

import com.google.common.base.Splitter;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.BadDataException;
import org.alignment4j.synthesis.SourceText;

/** Converts rows of a file of source texts. */
final class SourceRows {
  private static final List<String> HATECHECK_COLUMNS =
      List.of("test_case", "functionality", "label_gold", "target_ident");
  private static final List<String> KEYS =
      List.of("id", "text", "category", "source", "licence", "license");

  private final SourceFile file;
  private final String name;

  /** Whether rows are told apart by their number, as many may be on one line. */
  private boolean array;

  SourceRows(SourceFile file) {
    this.file = file;
    String plain = String.valueOf(file.file().getFileName()).replaceFirst("(?i)\\.gz$", "");
    name = plain.replaceFirst("\\.[^.]*$", "");
  }

  /**
   * @throws BadDataException if the file cannot be opened, or lacks a column
   */
  RowSource open() {
    Path path = file.file();
    return switch (file.format()) {
      case JSONL -> json(path);
      case CSV -> new CsvRows(path, List.of("text"));
      case HATECHECK -> new CsvRows(path, HATECHECK_COLUMNS);
      case PARQUET -> Parquet.rows(path, KEYS, List.of("text"));
      case TOXIGEN, TOXIGEN_STATEMENTS -> new TextRows(path);
    };
  }

  private RowSource json(Path path) {
    array = JsonArrayRows.isArray(path);
    return array
        ? new JsonArrayRows(path, json -> JsonPreferences.object(json, KEYS::contains))
        : new JsonRows(path, KEYS::contains);
  }

  List<SourceText> texts(RowSource.Row row) throws BadRow {
    JsonObject content = row.fields();
    Map<String, String> fields = values(content);
    long line = array ? row.number() : row.line();
    return switch (file.format()) {
      case TOXIGEN -> List.of(row(line, "", prompt(get(fields, TextRows.LINE))));
      case TOXIGEN_STATEMENTS -> statements(line, get(fields, TextRows.LINE));
      case HATECHECK -> List.of(row(line, content, fromHateCheck(fields)));
      case JSONL, CSV, PARQUET -> List.of(row(line, content, fields));
    };
  }

  /** Returns the values of the keys that are read; only they must be text. */
  private static Map<String, String> values(JsonObject o) throws BadRow {
    Map<String, String> fields = new HashMap<>();
    for (Map.Entry<String, JsonElement> entry : o.entrySet()) {
      String key = entry.getKey();
      JsonElement value = entry.getValue();
      boolean number = value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber();
      boolean text = value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
      if (text || (number && key.equals("id") && !JsonPreferences.isMissing(value))) {
        fields.put(key, value.getAsString());
      } else if (KEYS.contains(key) && !JsonPreferences.isMissing(value)) {
        throw new BadRow("expected " + key + " as text, found " + JsonPreferences.kind(value));
      }
    }
    return fields;
  }

  private static String prompt(String line) {
    return line.replace("\\n", "\n");
  }

  private List<SourceText> statements(long line, String content) throws BadRow {
    List<SourceText> found = new ArrayList<>();
    for (String part : Splitter.on('\n').split(prompt(content))) {
      // The last one is a bare dash, for the model to continue.
      String statement = part.strip().replaceFirst("^-\\s*", "");
      if (!statement.isEmpty()) {
        String id = name + ":" + line + "." + (found.size() + 1);
        found.add(row(line, id, statement));
      }
    }
    return found;
  }

  private Map<String, String> fromHateCheck(Map<String, String> fields) throws BadRow {
    String label = get(fields, "label_gold");
    if (!label.equals("hateful") && !label.equals("non-hateful")) {
      throw new BadRow("expected label_gold hateful or non-hateful, found '" + label + "'");
    }
    String target = get(fields, "target_ident");
    return Map.of(
        "id",
        get(fields, "case_id"),
        "text",
        get(fields, "test_case"),
        "category",
        label.equals("hateful") ? "hate" : "benign",
        "source",
        file.source()
            + "/"
            + get(fields, "functionality")
            + (target.isBlank() ? "" : "/" + target));
  }

  private SourceText row(long line, JsonObject content, Map<String, String> fields) throws BadRow {
    if (!fields.containsKey("text")) {
      throw new BadRow(
          "expected text, found "
              + BadRow.shown(content.keySet().toString())
              + RowShape.hint(content, List.of("text")));
    }
    String licence = get(fields, "licence");
    return row(
        line,
        get(fields, "id"),
        get(fields, "text"),
        or(get(fields, "category"), file.category()),
        or(get(fields, "source"), file.source()),
        or(licence.isBlank() ? get(fields, "license") : licence, file.licence()));
  }

  private SourceText row(long line, String id, String text) throws BadRow {
    return row(line, id, text, file.category(), file.source(), file.licence());
  }

  private SourceText row(
      long line, String id, String text, String category, String source, String licence)
      throws BadRow {
    if (text.isBlank()) {
      throw new BadRow("the text is blank");
    }
    return new SourceText(or(id, name + ":" + line), text, category, source, licence);
  }

  private static String get(Map<String, String> fields, String key) {
    return fields.getOrDefault(key, "");
  }

  private static String or(String value, String other) {
    return value.isBlank() ? other : value;
  }
}
