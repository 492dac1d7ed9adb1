package org.alignment4j.data;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Converts a file's rows lazily; rows that cannot be used are reported and skipped. */
final class RowStream<T> implements Iterator<T> {
  private final RowSource rows;
  private final ListReader<T> reader;
  private final BiConsumer<RowSource.Row, String> skipped;
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
      RowSource rows, ListReader<T> reader, BiConsumer<RowSource.Row, String> skipped) {
    this.rows = rows;
    this.reader = reader;
    this.skipped = skipped;
  }

  /**
   * Returns a stream of one value per row.
   *
   * @param rows the rows, closed with the stream
   * @param skipped called with each row that cannot be read, and the reason
   */
  static <T> Stream<T> of(
      RowSource rows, Reader<T> reader, BiConsumer<RowSource.Row, String> skipped) {
    return ofLists(rows, row -> List.of(reader.read(row)), skipped);
  }

  /**
   * @param rows the rows, closed with the stream
   * @param skipped called with each row that cannot be read, and the reason
   */
  static <T> Stream<T> ofLists(
      RowSource rows, ListReader<T> reader, BiConsumer<RowSource.Row, String> skipped) {
    int traits = Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE;
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(new RowStream<>(rows, reader, skipped), traits),
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
        skipped.accept(row, e.reason());
      }
    }
    return true;
  }

  @Override
  public T next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return ready.remove();
  }
}
