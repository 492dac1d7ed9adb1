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
 * A preference file that is read row by row, of any size: JSON Lines, CSV (both plain or gzip) or
 * Parquet, with rows in the forms that {@link Preferences} lists; one JSON array is not read here.
 * The content tells the format. Memory is bounded by 4 MiB for a row of text, in Parquet by what
 * its writer put into a row group. Immutable.
 *
 * <p>Safer-Instruct's released CSV (instruction, rejected, chosen, label) is read too. Two of its
 * four labels have no rejected texts: such rows are no pairs, of which {@link #pairs} tells the
 * caller, but {@link #examples} for supervised fine-tuning; {@link #countsByLabel} says how many.
 *
 * <pre>{@code
 * try (Stream<PreferencePair> pairs = PreferenceFile.of(file).pairs(bad -> log.warn("{}", bad))) {
 *   pairs.forEach(...);
 * }
 * }</pre>
 *
 * <p>The methods that give streams throw a {@link BadDataException} if the file cannot be opened or
 * is no preference file; their streams one that names file and place if reading fails. Streams are
 * lazy, for one thread, and have to be closed. An empty file has no rows.
 */
public final class PreferenceFile {
  private final Path file;

  private PreferenceFile(Path file) {
    this.file = file;
  }

  /** A file, which is looked at when it is read. */
  public static PreferenceFile of(Path file) {
    return new PreferenceFile(file);
  }

  /**
   * What supervised fine-tuning takes of a row.
   *
   * @param id the row's id, or its number as {@link Contents.Skipped#row()} counts
   * @param prompt a conversation that ends with a user message that is not blank
   * @param response the preferred one, never blank
   * @param label the row's; empty if it has none
   */
  public record Example(String id, Prompt prompt, String response, String label) {
    /** The prompt with its response. */
    public Prompt conversation() {
      return prompt.withResponse(response);
    }

    /** The id and the label; the texts may be private. */
    @Override
    public String toString() {
      return "Example[" + id + ", label '" + label + "']";
    }
  }

  /**
   * How many rows are good for what; each row is counted once.
   *
   * @param pairs for learning from preferences, and for supervised fine-tuning too
   * @param onlyExamples for supervised fine-tuning only, such as those without a rejected text
   * @param unusable for neither
   */
  public record Counts(long pairs, long onlyExamples, long unusable) {
    /** The sums. */
    public Counts plus(Counts other) {
      return new Counts(
          pairs + other.pairs, onlyExamples + other.onlyExamples, unusable + other.unusable);
    }
  }

  /**
   * The pairs, in the file's order.
   *
   * @param skipped is told of each row that holds no usable pair, before the next one
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
   * The pairs with their labels and lineages, in the file's order.
   *
   * @param skipped is told of each row that holds no usable pair or no lineage, before the next one
   */
  public Stream<SynthesizedPair> synthesized(Consumer<SourceFile.Skipped> skipped) {
    return stream(row -> PreferenceRow.synthesized(row.fields(), row.number()), skipped);
  }

  /**
   * Prompts and chosen responses, in the file's order, of rows whose rejected text may be missing
   * or wrong.
   *
   * @param skipped is told of each row that holds no usable example, before the next one
   */
  public Stream<Example> examples(Consumer<SourceFile.Skipped> skipped) {
    return stream(row -> PreferenceRow.example(row.fields(), row.number()), skipped);
  }

  private <T> Stream<T> stream(RowStream.Reader<T> reader, Consumer<SourceFile.Skipped> skipped) {
    return RowStream.of(
        PreferenceSource.open(file),
        reader,
        (row, reason) -> skipped.accept(new SourceFile.Skipped(file, row.line(), reason)));
  }

  /**
   * Counts all rows, in one pass through the file.
   *
   * @throws BadDataException if the file cannot be read or is no preference file
   */
  public Counts counts() {
    return countsByLabel().values().stream().reduce(new Counts(0, 0, 0), Counts::plus);
  }

  /**
   * Counts the rows of each label, in one pass through the file; rows without one have the empty
   * label.
   *
   * @throws BadDataException if the file cannot be read or is no preference file
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
