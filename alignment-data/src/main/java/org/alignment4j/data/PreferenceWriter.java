package org.alignment4j.data;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Role;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CancelledException;
import org.alignment4j.internal.host.OutputFile;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.StrictJson;
import org.alignment4j.synthesis.SynthesizedPair;
import org.alignment4j.tune.PreferencePair;
import org.jspecify.annotations.Nullable;

/**
 * Writes preference pairs to a file, row by row. The extension determines the format: {@code
 * .jsonl}, {@code .csv}, each also with {@code .gz}, or {@code .parquet}. Rows go to {@code
 * NAME.partial}, which is renamed when all are written, so that a file under its own name is always
 * complete.
 *
 * <p>A written pair is read back as an equal pair by {@link PreferenceFile} and {@link
 * Preferences}; one that would not be is rejected. A {@link SynthesizedPair} is written with its
 * label in {@code label} and its lineage in {@code lineage}, in JSON Lines as an object, else as
 * JSON text. In CSV, lists of messages are JSON text too. Equal rows produce equal bytes with the
 * same version of Java and of the libraries. Memory is bounded by a row, for Parquet by about 16
 * MiB more. Not thread-safe; only one writer per file.
 *
 * <pre>{@code
 * try (PreferenceWriter out = PreferenceWriter.trl(file)) {
 *   pairs.forEach(out::write);
 *   out.commit();
 * }
 * }</pre>
 *
 * <p>Parquet needs libraries that are not bundled; the exception thrown without them names them.
 */
public final class PreferenceWriter implements AutoCloseable {
  private static final int BUFFER = 1 << 16;

  private final Path file;
  private final Layout layout;
  private final OutputFile target;
  private final OutputStream out;
  private final RowSink sink;
  private long rows;
  private boolean open = true;

  private PreferenceWriter(Path file, Layout layout, Format format) throws IOException {
    this.file = file;
    this.layout = layout;
    target = OutputFile.partial(file);
    try {
      OutputStream plain = target.stream();
      // Java's gzip header contains no time, by which equal files would differ.
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
   * Opens a writer of a file in an existing folder. An existing {@code NAME.partial} is
   * overwritten.
   *
   * @throws IllegalArgumentException if the name has no extension of a format
   * @throws BadDataException if the file cannot be written
   * @throws org.alignment4j.core.AlignmentException naming the libraries to add, if Parquet's are
   *     missing
   */
  public static PreferenceWriter open(Path file, Layout layout) {
    Format format = Format.of(file);
    try {
      return new PreferenceWriter(file, layout, format);
    } catch (IOException e) {
      throw new BadDataException("cannot write " + file + ": " + Reasons.of(e), e);
    }
  }

  /**
   * Opens a writer of TRL's conversational form, which can represent every pair; otherwise as
   * {@link #open}.
   *
   * @throws IllegalArgumentException if the name has no extension of a format
   * @throws BadDataException if the file cannot be written
   */
  public static PreferenceWriter trl(Path file) {
    return open(file, Layout.TRL_CONVERSATIONAL);
  }

  /**
   * Writes a pair, without label and lineage.
   *
   * @throws IllegalArgumentException if the format cannot represent the pair, or it is useless for
   *     training; the message names file, row, id and reason. The pair is not written, and others
   *     can be
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

  /** Returns why {@link #write(PreferencePair)} would reject a pair; empty if it would not. */
  public Optional<String> flaw(PreferencePair pair) {
    return flaw(pair, null);
  }

  /** Returns why {@link #write(SynthesizedPair)} would reject a pair; empty if it would not. */
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

  /** Checks that a row is read back as an equal pair: some texts look like another form. */
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

  /** Returns the number of rows written. */
  public long rows() {
    return rows;
  }

  /**
   * Completes the file and renames it to its own name, replacing an existing file. Nothing can be
   * written after that.
   *
   * @throws IllegalStateException if this was called before, or the writer is closed
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

  /** Closes the writer; without {@link #commit} the partial file is deleted. */
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

  /**
   * The form of a pair in a row of a preference file. In addition to prompt, chosen and rejected
   * there are the keys or columns id, label and lineage.
   */
  public enum Layout {
    /**
     * TRL standard: prompt, chosen and rejected as text. The prompt must be a single user message.
     */
    TRL_STANDARD,

    /**
     * TRL conversational: prompt, chosen and rejected as lists of messages with role and content,
     * where chosen and rejected contain the response alone. Can represent every pair.
     */
    TRL_CONVERSATIONAL,

    /**
     * HH-RLHF: chosen and rejected as whole dialogues, without a separate prompt. Turns of user and
     * assistant alternate, the user's first; a system message is not possible, nor a text with "
     *
     * <p>Human:" or "
     *
     * <p>Assistant:", which would be read as a turn.
     */
    HH_RLHF;

    List<String> columns() {
      return this == HH_RLHF
          ? List.of("id", "chosen", "rejected", "label", "lineage")
          : List.of("id", "prompt", "chosen", "rejected", "label", "lineage");
    }

    boolean isList(String column) {
      return this == TRL_CONVERSATIONAL && Set.of("prompt", "chosen", "rejected").contains(column);
    }

    /**
     * Returns the pair as keys and values.
     *
     * @throws BadRow if the layout cannot represent the pair
     */
    JsonObject fields(PreferencePair pair) throws BadRow {
      return switch (this) {
        case TRL_CONVERSATIONAL -> PreferenceRow.toJson(pair);
        case TRL_STANDARD -> standard(pair);
        case HH_RLHF -> dialogues(pair);
      };
    }

    private static JsonObject standard(PreferencePair pair) throws BadRow {
      List<Message> messages = pair.prompt().messages();
      if (messages.size() > 1) {
        throw new BadRow(
            "TRL's standard form holds a prompt of one user message, found "
                + messages.size()
                + " messages; its conversational form holds them");
      }
      JsonObject o = new JsonObject();
      o.addProperty("id", pair.id());
      o.addProperty("prompt", pair.prompt().last().text());
      return withResponses(o, pair.chosen(), pair.rejected());
    }

    private static JsonObject dialogues(PreferencePair pair) throws BadRow {
      JsonObject o = new JsonObject();
      o.addProperty("id", pair.id());
      return withResponses(
          o, dialogue(pair, "chosen", pair.chosen()), dialogue(pair, "rejected", pair.rejected()));
    }

    private static JsonObject withResponses(JsonObject o, String chosen, String rejected) {
      o.addProperty("chosen", chosen);
      o.addProperty("rejected", rejected);
      return o;
    }

    private static String dialogue(PreferencePair pair, String name, String response)
        throws BadRow {
      StringBuilder dialogue = new StringBuilder();
      int turn = 0;
      for (Message message : pair.prompt().messages()) {
        turn++;
        if (message.role() == Role.SYSTEM) {
          throw new BadRow("HH-RLHF holds no system message, found one");
        }
        boolean human = message.role() == Role.USER;
        if (human != (turn % 2 == 1)) {
          throw new BadRow(
              "HH-RLHF's turns alternate, the user's first: turn "
                  + turn
                  + " is the "
                  + (human ? "user's" : "assistant's"));
        }
        HhDialogue.append(dialogue, "turn " + turn, human, message.text());
      }
      HhDialogue.append(dialogue, name, false, response);
      return dialogue.toString();
    }
  }
}
