package org.alignment4j.data;

import com.google.common.base.Splitter;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Consumer;
import org.alignment4j.core.BadDataException;
import org.alignment4j.synthesis.SourceText;
import org.jspecify.annotations.Nullable;

/** Reads a file of source texts row by row; rows that cannot be used are told and passed over. */
final class SourceRows implements Iterator<SourceText> {
  private static final List<String> HATECHECK_COLUMNS =
      List.of("test_case", "functionality", "label_gold", "target_ident");

  private final SourceFile file;
  private final LineSource lines;
  private final CsvRecords records;
  private final Consumer<SourceFile.Skipped> skipped;
  private final String name;
  private final List<String> header;
  private final Deque<SourceText> ready = new ArrayDeque<>();

  SourceRows(SourceFile file, LineSource lines, Consumer<SourceFile.Skipped> skipped) {
    this.file = file;
    this.lines = lines;
    this.skipped = skipped;
    String plain = String.valueOf(file.file().getFileName()).replaceFirst("(?i)\\.gz$", "");
    name = plain.replaceFirst("\\.[^.]*$", "");
    records = new CsvRecords(lines);
    header = file.format().isCsv() ? header() : List.of();
  }

  private List<String> header() {
    CsvRecords.Fields first = records.next();
    List<String> found =
        first == null
            ? List.of()
            : first.fields().stream().map(s -> s.strip().toLowerCase(Locale.ROOT)).toList();
    List<String> needed =
        file.format() == SourceFormat.HATECHECK ? HATECHECK_COLUMNS : List.of("text");
    if (!found.containsAll(needed)) {
      throw new BadDataException(
          BadRow.shown(file.file() + ": expected columns " + needed + ", found " + found));
    }
    return found;
  }

  @Override
  public boolean hasNext() {
    while (ready.isEmpty()) {
      if (!(file.format().isCsv() ? readRecord() : readLine())) {
        return false;
      }
    }
    return true;
  }

  @Override
  public SourceText next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return ready.remove();
  }

  /** False at the end. */
  private boolean readLine() {
    LineSource.Line line = lines.next();
    if (line == null) {
      return false;
    }
    try {
      require(line.flaw());
      String content = line.content();
      if (!content.isBlank()) {
        switch (file.format()) {
          case TOXIGEN -> ready.add(row(line.number(), "", prompt(content)));
          case TOXIGEN_STATEMENTS -> statements(line.number(), content);
          default -> ready.add(row(line.number(), JsonPreferences.object(content)));
        }
      }
    } catch (BadRow e) {
      skip(line.number(), e);
    }
    return true;
  }

  private boolean readRecord() {
    CsvRecords.Fields fields = records.next();
    if (fields == null) {
      return false;
    }
    try {
      require(fields.flaw());
      ready.add(row(fields.line(), fields.fields()));
    } catch (BadRow e) {
      skip(fields.line(), e);
    }
    return true;
  }

  private void skip(long line, BadRow e) {
    skipped.accept(new SourceFile.Skipped(file.file(), line, e.reason()));
  }

  private static void require(@Nullable String flaw) throws BadRow {
    if (flaw != null) {
      throw new BadRow(flaw);
    }
  }

  private static String prompt(String line) {
    return line.replace("\\n", "\n");
  }

  private void statements(long line, String content) throws BadRow {
    List<SourceText> found = new ArrayList<>();
    for (String part : Splitter.on('\n').split(prompt(content))) {
      // The last one is a bare dash, for the model to go on from.
      String statement = part.strip().replaceFirst("^-\\s*", "");
      if (!statement.isEmpty()) {
        String id = name + ":" + line + "." + (found.size() + 1);
        found.add(row(line, id, statement));
      }
    }
    ready.addAll(found);
  }

  private SourceText row(long line, JsonObject o) throws BadRow {
    Map<String, String> fields = new HashMap<>();
    for (String key : List.of("id", "text", "category", "source", "licence", "license")) {
      JsonElement value = o.get(key);
      if (value == null || value.isJsonNull()) {
        continue;
      }
      boolean number = value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber();
      boolean text = value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
      if (!text && !(number && key.equals("id"))) {
        throw new BadRow("expected " + key + " as text, found something else");
      }
      fields.put(key, value.getAsString());
    }
    if (!fields.containsKey("text")) {
      throw new BadRow("expected text, found " + o.keySet());
    }
    return row(line, fields);
  }

  private SourceText row(long line, List<String> values) throws BadRow {
    if (values.size() != header.size()) {
      throw new BadRow("expected " + header.size() + " fields, found " + values.size());
    }
    Map<String, String> fields = new HashMap<>();
    for (int i = 0; i < header.size(); i++) {
      fields.put(header.get(i), values.get(i));
    }
    return row(line, file.format() == SourceFormat.HATECHECK ? fromHateCheck(fields) : fields);
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

  private SourceText row(long line, Map<String, String> fields) throws BadRow {
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
