package org.alignment4j.data;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The records of a CSV file (RFC 4180, with any delimiter), one after the other. A malformed record
 * loses only its first line: reading continues with the line after it, which Commons CSV cannot do.
 * Not thread-safe.
 */
final class CsvRecords {
  private final LineSource source;

  /** Lines that were read ahead for a record that turned out to be malformed. */
  private final Deque<LineSource.Line> ahead = new ArrayDeque<>();

  private final char delimiter;

  CsvRecords(LineSource source, char delimiter) {
    this.source = source;
    this.delimiter = delimiter;
  }

  /**
   * A record.
   *
   * @param line the line where it starts, from 1
   * @param fields its fields; empty if there is a flaw
   * @param flaw why it cannot be used; null if it can
   */
  record Fields(long line, List<String> fields, @Nullable String flaw) {}

  /** Returns the next record, skipping empty lines; null at the end. */
  @Nullable Fields next() {
    LineSource.Line first = line();
    while (first != null && first.flaw() == null && first.text().isBlank()) {
      first = line();
    }
    return first == null ? null : record(first);
  }

  private Fields record(LineSource.Line first) {
    Parser parser = new Parser(delimiter);
    List<LineSource.Line> taken = new ArrayList<>();
    LineSource.Line line = first;
    long length = 0;
    while (line != null) {
      taken.add(line);
      length += line.text().length();
      String flaw = line.flaw();
      if (flaw == null && length > LineSource.MAX_LINE) {
        flaw =
            "not well-formed CSV: expected a quote to close, found none in "
                + LineSource.MAX_LINE
                + " characters";
      }
      if (flaw == null) {
        flaw = parser.take(line.text());
      }
      if (flaw != null) {
        return malformed(taken, flaw);
      }
      if (!parser.isOpen()) {
        return new Fields(first.number(), parser.fields, null);
      }
      line = line();
    }
    return malformed(
        taken, "not well-formed CSV: expected a quote to close, found the end of the file");
  }

  private Fields malformed(List<LineSource.Line> taken, String flaw) {
    for (Iterator<LineSource.Line> last = lastFirst(taken); last.hasNext(); ) {
      ahead.push(last.next());
    }
    return new Fields(taken.get(0).number(), List.of(), flaw);
  }

  private static Iterator<LineSource.Line> lastFirst(List<LineSource.Line> taken) {
    return new ArrayDeque<>(taken.subList(1, taken.size())).descendingIterator();
  }

  private LineSource.@Nullable Line line() {
    return ahead.isEmpty() ? source.next() : ahead.pop();
  }

  /** Parses a record line by line. */
  private static final class Parser {
    private enum State {
      START,
      PLAIN,
      QUOTED,
      /** After a quote inside quotes, which ends the field or escapes the next one. */
      QUOTE,
      END
    }

    private final char delimiter;
    private final List<String> fields = new ArrayList<>();
    private final StringBuilder field = new StringBuilder();
    private State state = State.START;

    Parser(char delimiter) {
      this.delimiter = delimiter;
    }

    boolean isOpen() {
      return state == State.QUOTED;
    }

    /** Parses one line; returns the flaw, or null if there is none. */
    @Nullable String take(String line) {
      for (int i = 0; i < line.length(); i++) {
        char c = line.charAt(i);
        boolean breaks = c == '\n' || (c == '\r' && line.startsWith("\n", i + 1));
        if (state == State.QUOTED) {
          quoted(c);
        } else if (c == delimiter || breaks) {
          endField();
          if (breaks) {
            state = State.END;
            return null;
          }
        } else if (c == '"' && state != State.PLAIN) {
          if (state == State.QUOTE) {
            field.append(c);
          }
          state = State.QUOTED;
        } else if (state == State.QUOTE) {
          return "not well-formed CSV: expected a "
              + CsvHeader.name(delimiter)
              + " or the end of the line after a closing quote, found more";
        } else {
          state = State.PLAIN;
          field.append(c);
        }
      }
      if (!isOpen()) {
        endField();
        state = State.END;
      }
      return null;
    }

    private void quoted(char c) {
      if (c == '"') {
        state = State.QUOTE;
      } else {
        field.append(c);
      }
    }

    private void endField() {
      fields.add(field.toString());
      field.setLength(0);
      state = State.START;
    }
  }
}
