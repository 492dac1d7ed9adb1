package org.alignment4j.data;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import org.alignment4j.core.BadDataException;
import org.jspecify.annotations.Nullable;

/**
 * The elements of one JSON array, which is read into memory. It is split at the commas between its
 * elements before any is parsed, so that a malformed element does not affect the others.
 */
final class JsonArrayRows implements RowSource {
  private final Path file;
  private final String text;
  private final Element element;
  private int begin;
  private boolean ended;
  private long number;
  private long line = 1;

  /** Converts an element to a row. */
  interface Element {
    JsonObject read(String json) throws BadRow;
  }

  /**
   * @throws BadDataException if the file cannot be read, is too large, or is UTF-16
   */
  JsonArrayRows(Path file, Element element) {
    this.file = file;
    this.text = TextFile.readMarked(file);
    this.element = element;
    advance(text.indexOf('[') + 1);
  }

  /** Advances, counting lines. */
  private void advance(int to) {
    for (int i = begin; i < to; i++) {
      if (text.charAt(i) == '\n') {
        line++;
      }
    }
    begin = to;
  }

  @Override
  public String container() {
    return "JSON array";
  }

  /**
   * @throws BadDataException if the array is unterminated, or something follows it
   */
  @Override
  public @Nullable Row next() {
    if (ended) {
      return null;
    }
    advance(afterSpace());
    long where = line;
    int end = end();
    String json = text.substring(begin, end);
    ended = text.charAt(end) == ']';
    advance(end + 1);
    if (ended) {
      advance(afterSpace());
    }
    if (begin < text.length() && ended) {
      throw new BadDataException(
          file
              + ", line "
              + line
              + ": expected nothing after the JSON array of "
              + (json.isBlank() ? number : number + 1)
              + " rows, found more");
    }
    if (ended && number == 0 && json.isBlank()) {
      return null;
    }
    number++;
    try {
      return new Row(where, number, element.read(json), null);
    } catch (BadRow e) {
      return Row.flawed(where, number, e.reason());
    }
  }

  private int afterSpace() {
    int at = begin;
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at;
  }

  /** Returns where the element that starts here ends: at a comma or the closing bracket. */
  private int end() {
    int depth = 0;
    boolean inString = false;
    for (int i = begin; i < text.length(); i++) {
      char c = text.charAt(i);
      if (inString) {
        if (c == '\\') {
          i++;
        } else {
          inString = c != '"';
        }
        continue;
      }
      switch (c) {
        case '"' -> inString = true;
        case '{', '[' -> depth++;
        case ',' -> {
          if (depth == 0) {
            return i;
          }
        }
        case '}', ']' -> {
          if (c == ']' && depth == 0) {
            return i;
          }
          depth--;
        }
        default -> {}
      }
    }
    throw new BadDataException(
        file
            + ", line "
            + line
            + ": expected a JSON array, found one that does not end: row "
            + (number + 1));
  }

  @Override
  public void close() {}
}
