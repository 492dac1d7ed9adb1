package org.alignment4j.data;

import java.nio.file.Path;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.Preferences.Contents;
import org.alignment4j.synthesis.SynthesizedPair;
import org.alignment4j.tune.PreferencePair;

/**
 * A preference file of any size, read row by row: JSON Lines, one JSON array, CSV (all plain or
 * gzip) or Parquet, with rows in the forms that {@link Preferences} lists. The format is detected
 * from the content. Memory is bounded by 4 MiB per row of text, for Parquet by the size of a row
 * group. Immutable.
 *
 * <p>Safer-Instruct's released CSV (instruction, rejected, chosen, label) is supported too. Two of
 * its four labels have no rejected texts: {@link #pairs} skips such rows and reports them, {@link
 * #examples} returns them for supervised fine-tuning, and {@link #countsByLabel} counts them.
 *
 * <pre>{@code
 * try (Stream<PreferencePair> pairs = PreferenceFile.of(file).pairs(bad -> log.warn("{}", bad))) {
 *   pairs.forEach(...);
 * }
 * }</pre>
 *
 * <p>The methods that return streams throw a {@link BadDataException} if the file cannot be opened
 * or is not a preference file; so do their streams if reading fails, with file and location in the
 * message. Streams are lazy, not thread-safe, and must be closed. An empty file has no rows.
 */
public final class PreferenceFile {
  private final Path file;

  private PreferenceFile(Path file) {
    this.file = file;
  }

  /** Returns a preference file, which is not opened before it is read. */
  public static PreferenceFile of(Path file) {
    return new PreferenceFile(file);
  }

  /**
   * A prompt and a response of a row, for supervised fine-tuning.
   *
   * @param id the row's id, or its number as {@link Contents.Skipped#row()} counts
   * @param prompt a conversation that ends with a user message that is not blank
   * @param response the chosen response, never blank
   * @param label the row's label; empty if it has none
   */
  public record Example(String id, Prompt prompt, String response, String label) {
    /** Returns the prompt with its response. */
    public Prompt conversation() {
      return prompt.withResponse(response);
    }

    /** Returns the id and the label; the texts may be private. */
    @Override
    public String toString() {
      return "Example[" + id + ", label '" + label + "']";
    }
  }

  /**
   * Numbers of rows by their use; each row is counted once.
   *
   * @param pairs number of rows usable for preference learning, and for supervised fine-tuning too
   * @param onlyExamples number of rows usable for supervised fine-tuning only, such as those
   *     without a rejected text
   * @param unusable number of other rows
   */
  public record Counts(long pairs, long onlyExamples, long unusable) {
    /** Returns the sums of the counts. */
    public Counts plus(Counts other) {
      return new Counts(
          pairs + other.pairs, onlyExamples + other.onlyExamples, unusable + other.unusable);
    }
  }

  /**
   * Returns the pairs, in the file's order.
   *
   * @param skipped called with each row without a usable pair, before the next one is returned
   */
  public Stream<PreferencePair> pairs(Consumer<SourceFile.Skipped> skipped) {
    TemplateMarkers markers = new TemplateMarkers();
    AtomicLong count = new AtomicLong();
    return stream(
            row -> {
              PreferencePair pair = PreferenceRow.pair(row.fields(), row.number());
              markers.add(row.line(), PreferenceRows.texts(pair));
              count.incrementAndGet();
              return pair;
            },
            skipped)
        .onClose(() -> markers.warn(file, count.get(), "pairs"));
  }

  /**
   * Returns the pairs with their labels and lineages, in the file's order.
   *
   * @param skipped called with each row without a usable pair or a lineage, before the next one is
   *     returned
   */
  public Stream<SynthesizedPair> synthesized(Consumer<SourceFile.Skipped> skipped) {
    return stream(row -> PreferenceRow.synthesized(row.fields(), row.number()), skipped);
  }

  /**
   * Returns prompts and chosen responses, in the file's order, also of rows whose rejected text is
   * missing or malformed.
   *
   * @param skipped called with each row without a usable example, before the next one is returned
   */
  public Stream<Example> examples(Consumer<SourceFile.Skipped> skipped) {
    return stream(row -> PreferenceRow.example(row.fields(), row.number()), skipped);
  }

  private <T> Stream<T> stream(RowStream.Reader<T> reader, Consumer<SourceFile.Skipped> skipped) {
    return RowStream.of(file, PreferenceSource.open(file), reader, skipped);
  }

  /**
   * Counts all rows, in one pass over the file.
   *
   * @throws BadDataException if the file cannot be read or is not a preference file
   */
  public Counts counts() {
    return countsByLabel().values().stream().reduce(new Counts(0, 0, 0), Counts::plus);
  }

  /**
   * Counts the rows of each label, in one pass over the file; rows without one have the empty
   * label.
   *
   * @throws BadDataException if the file cannot be read or is not a preference file
   */
  public SortedMap<String, Counts> countsByLabel() {
    SortedMap<String, Counts> counts = new TreeMap<>();
    try (RowSource rows = PreferenceSource.open(file)) {
      for (RowSource.Row row = rows.next(); row != null; row = rows.next()) {
        counts.merge(label(row), count(row), Counts::plus);
      }
    }
    return Collections.unmodifiableSortedMap(counts);
  }

  private static String label(RowSource.Row row) {
    try {
      return PreferenceRow.label(row.content());
    } catch (BadRow e) {
      return "";
    }
  }

  private static Counts count(RowSource.Row row) {
    try {
      PreferenceRow.pair(row.fields(), row.number());
      return new Counts(1, 0, 0);
    } catch (BadRow noPair) {
      try {
        PreferenceRow.example(row.fields(), row.number());
        return new Counts(0, 1, 0);
      } catch (BadRow e) {
        return new Counts(0, 0, 1);
      }
    }
  }
}
