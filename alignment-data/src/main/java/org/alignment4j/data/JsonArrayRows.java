package org.alignment4j.data;

import com.google.gson.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import org.alignment4j.core.BadDataException;
import org.alignment4j.internal.text.Reasons;
import org.jspecify.annotations.Nullable;

/**
 * The elements of one JSON array, read one after the other; memory is bounded by the longest
 * element allowed. It is split at the commas between its elements before any is parsed, so that a
 * malformed element does not affect the others.
 */
final class JsonArrayRows implements RowSource {
  private static final int BUFFER = 1 << 16;
  private static final int END = -1;

  private final Path file;
  private final InputStream in;
  private final Element element;
  private final byte[] buffer = new byte[BUFFER];
  private int at;
  private int end;
  private boolean ended;
  private long number;
  private long line = 1;

  /** Converts an element to a row. */
  interface Element {
    JsonObject read(String json) throws BadRow;
  }

  /**
   * @param file a file that {@link #isArray}
   * @throws BadDataException if the file cannot be read, or is UTF-16
   */
  JsonArrayRows(Path file, Element element) {
    this.file = file;
    this.element = element;
    this.in = LineSource.opened(file);
    try {
      for (int b = peek(); b != '[' && b != END; b = peek()) {
        take();
      }
    } catch (BadDataException e) {
      close();
      throw e;
    }
    take();
  }

  /** Whether a file begins with a bracket. */
  static boolean isArray(Path file) {
    return LineSource.beginning(file).stripLeading().startsWith("[");
  }

  /** The next byte, which is not taken; -1 at the end. */
  private int peek() {
    if (at == end) {
      try {
        end = Math.max(0, in.read(buffer, 0, buffer.length));
      } catch (IOException e) {
        throw new BadDataException(
            "cannot read " + file + " after row " + number + ": " + Reasons.of(e), e);
      }
      at = 0;
    }
    return at < end ? buffer[at] & 0xFF : END;
  }

  private void take() {
    if (at < end && buffer[at++] == '\n') {
      line++;
    }
  }

  private void skipSpace() {
    for (int b = peek(); b != END && Character.isWhitespace(b); b = peek()) {
      take();
    }
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
    skipSpace();
    long where = line;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    boolean whole = copyElement(bytes, where);
    String json = whole ? TextFile.marked(bytes.toByteArray()) : "";
    boolean blank = whole && json.isBlank();
    ended = peek() == ']';
    take();
    if (ended) {
      skipSpace();
      if (peek() != END) {
        throw new BadDataException(
            file
                + ", line "
                + line
                + ": expected nothing after the JSON array of "
                + (blank ? number : number + 1)
                + " rows, found more");
      }
      if (number == 0 && blank) {
        return null;
      }
    }
    number++;
    if (!whole) {
      return Row.flawed(
          where, number, "expected at most " + LineSource.MAX_LINE + " bytes in a row, found more");
    }
    try {
      return new Row(where, number, element.read(json), null);
    } catch (BadRow e) {
      return Row.flawed(where, number, e.reason());
    }
  }

  /**
   * Copies the element that starts here, up to the comma or the closing bracket that ends it.
   *
   * @return whether it is short enough to be a row; else only its beginning is copied
   */
  private boolean copyElement(ByteArrayOutputStream to, long where) {
    int depth = 0;
    boolean inString = false;
    boolean escaped = false;
    long length = 0;
    for (int b = peek(); b != END; b = peek()) {
      if (escaped) {
        escaped = false;
      } else if (inString) {
        escaped = b == '\\';
        inString = b != '"';
      } else if (b == '"') {
        inString = true;
      } else if (b == '{' || b == '[') {
        depth++;
      } else if (depth == 0 && (b == ',' || b == ']')) {
        return length <= LineSource.MAX_LINE;
      } else if (b == '}' || b == ']') {
        depth--;
      }
      length++;
      if (length <= LineSource.MAX_LINE) {
        to.write(b);
      } else if (length > LineSource.MAX_SKIPPED) {
        throw unending(where, "row " + (number + 1) + " of more than " + length + " bytes");
      }
      take();
    }
    throw unending(where, "one that does not end: row " + (number + 1));
  }

  private BadDataException unending(long where, String found) {
    return new BadDataException(
        file + ", line " + where + ": expected a JSON array, found " + found);
  }

  /** Closes the file. */
  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw new BadDataException("cannot close " + file + ": " + Reasons.of(e), e);
    }
  }
}
