package org.alignment4j.data;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Converts a file's rows lazily; rows that cannot be used are reported and skipped. */
final class RowStream<T> implements Iterator<T> {
  private final Path file;
  private final RowSource rows;
  private final ListReader<T> reader;
  private final Consumer<SourceFile.Skipped> skipped;
  private final Queue<T> ready = new ArrayDeque<>();

  /** Converts a row to a value. */
  interface Reader<T> {
    T read(RowSource.Row row) throws BadRow;
  }

  /** Converts a row to any number of values. */
  interface ListReader<T> {
    Collection<T> read(RowSource.Row row) throws BadRow;
  }

  private RowStream(
      Path file, RowSource rows, ListReader<T> reader, Consumer<SourceFile.Skipped> skipped) {
    this.file = file;
    this.rows = rows;
    this.reader = reader;
    this.skipped = skipped;
  }

  /**
   * Returns a stream of one value per row.
   *
   * @param rows the rows, closed with the stream
   * @param skipped called with each row that cannot be read
   */
  static <T> Stream<T> of(
      Path file, RowSource rows, Reader<T> reader, Consumer<SourceFile.Skipped> skipped) {
    return ofLists(file, rows, row -> List.of(reader.read(row)), skipped);
  }

  /**
   * @param rows the rows, closed with the stream
   * @param skipped called with each row that cannot be read
   */
  static <T> Stream<T> ofLists(
      Path file, RowSource rows, ListReader<T> reader, Consumer<SourceFile.Skipped> skipped) {
    int traits = Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE;
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(
                new RowStream<>(file, rows, reader, skipped), traits),
            false)
        .onClose(rows::close);
  }

  @Override
  public boolean hasNext() {
    while (ready.isEmpty()) {
      RowSource.Row row = rows.next();
      if (row == null) {
        return false;
      }
      try {
        ready.addAll(reader.read(row));
      } catch (BadRow e) {
        skipped.accept(skipped(row, e.reason()));
      }
    }
    return true;
  }

  /** Many elements of an array may be on one line. */
  private SourceFile.Skipped skipped(RowSource.Row row, String reason) {
    String text = rows instanceof JsonArrayRows ? "row " + row.number() + ": " + reason : reason;
    return new SourceFile.Skipped(file, row.line(), text);
  }

  @Override
  public T next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return ready.remove();
  }
}
