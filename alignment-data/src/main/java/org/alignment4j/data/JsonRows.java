package org.alignment4j.data;

import java.nio.file.Path;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The rows of JSON Lines. */
final class JsonRows implements RowSource {
  private final TextRows lines;
  private final Predicate<String> read;

  /**
   * @param read the keys whose values are read; those of others are replaced by an empty value of
   *     their type
   */
  JsonRows(Path file, Predicate<String> read) {
    this.lines = new TextRows(file);
    this.read = read;
  }

  @Override
  public String container() {
    return "JSON Lines";
  }

  @Override
  public @Nullable Row next() {
    Row line = lines.next();
    if (line == null || line.flaw() != null) {
      return line;
    }
    try {
      String json = line.content().get(TextRows.LINE).getAsString();
      return new Row(line.line(), line.number(), JsonPreferences.object(json, read), null);
    } catch (BadRow e) {
      return Row.flawed(line.line(), line.number(), e.reason());
    }
  }

  @Override
  public void close() {
    lines.close();
  }
}
