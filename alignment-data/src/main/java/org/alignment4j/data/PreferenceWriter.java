package org.alignment4j.data;

import static org.alignment4j.core.Arguments.require;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.OutputFile;
import org.alignment4j.core.Reasons;
import org.alignment4j.core.StrictJson;
import org.alignment4j.synthesis.SynthesizedPair;
import org.alignment4j.tune.PreferencePair;
import org.jspecify.annotations.Nullable;

/**
 * Writes preference pairs to a file, row by row. The name's end decides the format: {@code .jsonl},
 * {@code .csv}, each also with {@code .gz}, or {@code .parquet}. Rows go to {@code NAME.partial},
 * which becomes the file when all are written, so that a file under its own name is always whole.
 *
 * <p>What is written is read back as an equal pair by {@link PreferenceFile} and {@link
 * Preferences}, or refused. A {@link SynthesizedPair} has its label in {@code label} and its
 * lineage in {@code lineage}, in JSON Lines as an object, else as JSON text. CSV has lists of
 * messages as JSON text too. Equal rows give equal bytes with one version of Java and of the
 * libraries. Memory is bounded by a row, in Parquet by some 16 MiB more. For one thread, and one
 * writer for a file.
 *
 * <pre>{@code
 * try (PreferenceWriter out = PreferenceWriter.open(file, PreferenceLayout.TRL_CONVERSATIONAL)) {
 *   pairs.forEach(out::write);
 *   out.commit();
 * }
 * }</pre>
 *
 * <p>Parquet needs libraries that do not come along; the error that is thrown without them names
 * them.
 */
public final class PreferenceWriter implements AutoCloseable {
  private static final int BUFFER = 1 << 16;

  private final Path file;
  private final PreferenceLayout layout;
  private final OutputFile target;
  private final OutputStream out;
  private final RowSink sink;
  private long rows;
  private boolean open = true;

  private PreferenceWriter(Path file, PreferenceLayout layout, Format format) throws IOException {
    this.file = file;
    this.layout = layout;
    target = OutputFile.partial(file);
    try {
      OutputStream plain = target.stream();
      // Java's header of gzip holds no time, which would tell equal files apart.
      out = format.gzip ? new GZIPOutputStream(plain, BUFFER) : plain;
      sink =
          switch (format.container) {
            case JSONL -> new JsonSink(out);
            case CSV -> new CsvSink(out, layout.columns());
            case PARQUET -> Parquet.sink(file, out, target.channel(), layout);
          };
    } catch (IOException | RuntimeException | Error e) {
      target.close();
      throw e;
    }
  }

  private enum Container {
    JSONL,
    CSV,
    PARQUET
  }

  private record Format(Container container, boolean gzip) {
    static Format of(Path file) {
      String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
      String plain = TextFile.plainName(file);
      if (name.endsWith(".parquet")) {
        return new Format(Container.PARQUET, false);
      }
      require(
          plain.endsWith(".jsonl") || plain.endsWith(".csv"),
          "expected a name that ends in .jsonl, .jsonl.gz, .csv, .csv.gz or .parquet, found %s",
          file);
      return new Format(
          plain.endsWith(".csv") ? Container.CSV : Container.JSONL, !plain.equals(name));
    }
  }

  /**
   * Begins a file in a folder that exists. A {@code NAME.partial} that is there is written over.
   *
   * @throws IllegalArgumentException if the name does not tell the format
   * @throws BadDataException if the file cannot be written
   * @throws org.alignment4j.core.AlignmentException naming the libraries to add, if Parquet's are
   *     missing
   */
  public static PreferenceWriter open(Path file, PreferenceLayout layout) {
    Format format = Format.of(file);
    try {
      return new PreferenceWriter(file, layout, format);
    } catch (IOException e) {
      throw new BadDataException("cannot write " + file + ": " + Reasons.of(e), e);
    }
  }

  /**
   * Writes a pair, without label and lineage.
   *
   * @throws IllegalArgumentException naming file, row, id and reason if the file cannot hold the
   *     pair, or nothing can be learned from it; the pair is not written, and further ones can be
   * @throws BadDataException if the file cannot be written
   * @throws CancelledException if the thread is interrupted
   */
  public void write(PreferencePair pair) {
    write(pair, null);
  }

  /**
   * Writes a pair with its label and lineage.
   *
   * @throws IllegalArgumentException as {@link #write(PreferencePair)}
   * @throws BadDataException if the file cannot be written
   * @throws CancelledException if the thread is interrupted
   */
  public void write(SynthesizedPair row) {
    write(row.pair(), row);
  }

  /** Why {@link #write(PreferencePair)} would refuse a pair; empty if it would not. */
  public Optional<String> flaw(PreferencePair pair) {
    return flaw(pair, null);
  }

  /** Why {@link #write(SynthesizedPair)} would refuse a pair; empty if it would not. */
  public Optional<String> flaw(SynthesizedPair row) {
    return flaw(row.pair(), row);
  }

  private Optional<String> flaw(PreferencePair pair, @Nullable SynthesizedPair row) {
    try {
      encoded(pair, row);
      return Optional.empty();
    } catch (BadRow e) {
      return Optional.of(e.reason());
    }
  }

  private void write(PreferencePair pair, @Nullable SynthesizedPair row) {
    requireOpen();
    RowSink.Encoded encoded;
    try {
      encoded = encoded(pair, row);
    } catch (BadRow e) {
      throw new IllegalArgumentException(
          BadRow.shown(
                  file + ", row " + (rows + 1) + ": pair " + pair.id() + " cannot be written: ")
              + e.reason());
    }
    try {
      encoded.write();
    } catch (IOException e) {
      throw target.failed(e);
    }
    rows++;
  }

  private RowSink.Encoded encoded(PreferencePair pair, @Nullable SynthesizedPair row)
      throws BadRow {
    if (pair.id().isBlank()) {
      throw new BadRow("the id is blank");
    }
    Optional<String> flaw = PreferenceRow.flaw(pair);
    if (flaw.isPresent()) {
      throw new BadRow(flaw.get());
    }
    JsonObject fields = layout.fields(pair);
    if (row != null) {
      fields.addProperty("label", row.label());
      fields.add("lineage", StrictJson.object(row.lineage().toJson()));
    }
    RowSink.Encoded encoded = sink.encode(fields);
    requireReadBack(pair, encoded.asRead());
    return encoded;
  }

  /** Some texts look like another form, which no rule about one form would tell. */
  private static void requireReadBack(PreferencePair pair, JsonObject fields) throws BadRow {
    PreferencePair found;
    try {
      found = PreferenceRow.pair(fields, 1);
    } catch (BadRow e) {
      throw new BadRow("its texts would be read as another form: " + e.reason());
    }
    if (!found.equals(pair)) {
      throw new BadRow("its texts would be read as another form, and so as another pair");
    }
  }

  /** How many rows are written. */
  public long rows() {
    return rows;
  }

  /**
   * Ends the file and gives it its name, in place of a file that is there. Nothing can be written
   * after that.
   *
   * @throws IllegalStateException if this was done before, or the writer is closed
   * @throws BadDataException if the file cannot be written
   * @throws CancelledException if the thread is interrupted
   */
  public void commit() {
    requireOpen();
    try {
      sink.finish();
      if (out instanceof GZIPOutputStream gzip) {
        gzip.finish();
      }
      target.commit();
      open = false;
    } catch (IOException e) {
      throw target.failed(e);
    }
  }

  /** Ends the work; without {@link #commit} what was written is deleted. */
  @Override
  public void close() {
    open = false;
    target.close();
  }

  private void requireOpen() {
    if (!open) {
      throw new IllegalStateException(file + ": the writer is closed");
    }
  }
}
