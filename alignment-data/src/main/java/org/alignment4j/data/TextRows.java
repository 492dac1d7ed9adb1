package org.alignment4j.data;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The lines of a text file as rows, each with the line in {@link #LINE}. */
final class TextRows implements RowSource {
  static final String LINE = "line";

  private final LineSource lines;

  TextRows(Path file) {
    lines = new LineSource(file);
  }

  @Override
  public String container() {
    return "text";
  }

  @Override
  public @Nullable Row next() {
    LineSource.Line line = lines.next();
    while (line != null && line.flaw() == null && line.content().isBlank()) {
      line = lines.next();
    }
    if (line == null) {
      return null;
    }
    JsonObject content = new JsonObject();
    content.addProperty(LINE, line.content());
    return new Row(line.number(), line.number(), content, line.flaw());
  }

  @Override
  public void close() {
    lines.close();
  }
}
