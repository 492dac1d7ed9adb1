package org.alignment4j.data;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The rows of JSON Lines. */
final class JsonRows implements RowSource {
  private final TextRows lines;

  JsonRows(Path file) {
    lines = new TextRows(file);
  }

  @Override
  public @Nullable Row next() {
    Row line = lines.next();
    if (line == null || line.flaw() != null) {
      return line;
    }
    try {
      String json = line.content().get(TextRows.LINE).getAsString();
      return new Row(line.line(), line.number(), JsonPreferences.object(json), null);
    } catch (BadRow e) {
      return Row.flawed(line.line(), line.number(), e.reason());
    }
  }

  @Override
  public void close() {
    lines.close();
  }
}
