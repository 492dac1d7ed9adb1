package org.alignment4j.data;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.BadDataException;
import org.alignment4j.tune.PreferencePair;

/**
 * Reads and writes preference sets: prompts with a chosen and a rejected response. Files are JSON
 * Lines, one JSON array, or CSV with columns prompt, chosen and rejected, UTF-8, with or without
 * byte order mark, plain or gzip; or Parquet with such columns. Stateless and thread-safe.
 *
 * <p>Each row has one of these forms, and may have other keys, which are ignored:
 *
 * <ul>
 *   <li>TRL standard: prompt, chosen and rejected are text; the prompt becomes a user message.
 *   <li>TRL conversational: lists of messages with role and content. The prompt is a list of its
 *       own, or the messages that chosen and rejected share; one assistant message remains in each.
 *       The prompt may be a separate text and repeated in both lists, as in the binarized
 *       UltraFeedback.
 *   <li>HH-RLHF: no prompt, chosen and rejected are whole dialogues of "\n\nHuman:" and
 *       "\n\nAssistant:" turns; the prompt ends at the last "
 *       <p>Assistant:", and one space after each marker is dropped. A prompt of such turns that
 *       ends with "
 *       <p>Assistant:", with bare responses, is supported too.
 * </ul>
 *
 * <p>A pair whose chosen, rejected or last prompt message is blank, or whose responses are equal,
 * is useless for training: it is skipped like a malformed row. A line of JSON Lines or a record of
 * CSV can have up to 4 MiB.
 *
 * <p>{@link PreferenceFile} reads files that do not fit into memory row by row, and returns
 * examples for supervised fine-tuning from rows without a rejected text; {@link PreferenceWriter}
 * writes all forms.
 */
public final class Preferences {
  private Preferences() {}

  /**
   * Reads a file of any name. A pair's id is the row's id if it has one, which need not be unique,
   * else its number as in {@link Contents.Skipped#row()}.
   *
   * @return at least one pair; all other rows with the reason why they were skipped
   * @throws BadDataException if the file cannot be read, is not a preference file, or has no usable
   *     row; also if a JSON array is unterminated, as its rows cannot be separated then. The
   *     message names the file, what was expected and what was found
   */
  public static Contents read(Path file) {
    Contents set = rows(file);
    if (set.pairs().isEmpty()) {
      throw new BadDataException(
          file
              + ": "
              + PreferenceSource.EXPECTED
              + ", found no usable row among "
              + set.rows()
              + set.skipped().stream().findFirst().map(s -> "; " + location(s)).orElse(""));
    }
    return set;
  }

  /**
   * Reads a file in which every row must be usable; otherwise like {@link #read}.
   *
   * @return at least one pair, in the file's order
   * @throws BadDataException as {@link #read}, and if a row cannot be used; the message names the
   *     first
   */
  public static List<PreferencePair> readStrict(Path file) {
    Contents set = read(file);
    if (!set.skipped().isEmpty()) {
      throw new BadDataException(
          file
              + ", "
              + location(set.skipped().get(0))
              + " ("
              + set.skipped().size()
              + " of "
              + set.rows()
              + " rows cannot be used)");
    }
    return set.pairs();
  }

  /**
   * Writes JSON Lines in TRL's conversational form, {@code {"id", "prompt", "chosen", "rejected"}},
   * which {@link #read} reads back as equal pairs; gzip if the name ends in {@code .gz}. The file
   * is written atomically.
   *
   * @throws IllegalArgumentException if there is no pair, or one that would be skipped by the
   *     reader
   * @throws BadDataException if the file cannot be written
   */
  public static void writeJsonl(Path file, List<PreferencePair> pairs) {
    require(!pairs.isEmpty(), "there is no pair to write");
    for (PreferencePair pair : pairs) {
      require(!pair.id().isBlank(), "a pair's id is blank");
      Optional<String> flaw = PreferenceRow.flaw(pair);
      require(flaw.isEmpty(), "pair %s cannot be written: %s", pair.id(), flaw.orElse(""));
    }
    TextFile.write(
        file, pairs.stream().map(PreferenceRow::toJson).map(JsonPreferences::text).toList());
  }

  private static Contents rows(Path file) {
    PreferenceRows rows = new PreferenceRows();
    if (PreferenceSource.isEmpty(file)) {
      throw new BadDataException(file + ": " + PreferenceSource.EXPECTED + ", found an empty file");
    }
    try (RowSource source = PreferenceSource.open(file)) {
      for (RowSource.Row row = source.next(); row != null; row = source.next()) {
        rows.add(row);
      }
    }
    return rows.toSet(file);
  }

  private static String location(Contents.Skipped skipped) {
    return "row " + skipped.row() + ": " + skipped.reason();
  }

  /**
   * The pairs of a preference file, and its rows without a usable pair. Every row of the file is in
   * one of the lists. Immutable.
   *
   * @param pairs the usable pairs, in the file's order
   * @param skipped the other rows, in the file's order
   */
  public record Contents(List<PreferencePair> pairs, List<Skipped> skipped) {
    /** Copies the lists. */
    public Contents {
      pairs = List.copyOf(pairs);
      skipped = List.copyOf(skipped);
    }

    /**
     * A row without a usable pair.
     *
     * @param row counted from 1: the line in JSON Lines, the element in a JSON array, the record
     *     below the header in CSV, the row in Parquet
     * @param reason what was expected and what was found, on one line; contains no text of prompts
     *     or responses except key names
     */
    public record Skipped(int row, String reason) {
      /**
       * @throws IllegalArgumentException if row is below 1
       */
      public Skipped {
        require(row >= 1, "rows are counted from 1, found %s", row);
      }
    }

    /** Returns the number of the file's rows: pairs and skipped. */
    public int rows() {
      return pairs.size() + skipped.size();
    }

    /** Returns the sizes only; the texts may be private. */
    @Override
    public String toString() {
      return "Contents[" + pairs.size() + " pairs, " + skipped.size() + " skipped]";
    }
  }

  /**
   * A summary of a data file: which rows and keys are read, which are not, and why. Immutable.
   *
   * @param file the file
   * @param kind the kind it was read as
   * @param container its container format, such as "JSON Lines" or "CSV with semicolons"
   * @param layouts number of usable rows of each form, in the order found; of prompts the one
   *     format
   * @param used the keys or columns that were found and are read, in the order found
   * @param unused the other keys or columns that were found, in the order found
   * @param rows number of rows that are not empty
   * @param usable number of usable rows
   * @param refusals reasons why the others are not usable, in the order found
   * @param duplicates number of usable rows with the same texts as an earlier row
   * @param lengths lengths of the usable rows' texts, by name: prompt, and for preferences chosen
   *     and rejected
   * @param markers a description of rows that contain markers of a chat template; empty if none
   *     does
   * @param samples the first usable rows
   */
  public record FileInspection(
      Path file,
      Kind kind,
      String container,
      Map<String, Long> layouts,
      List<String> used,
      List<String> unused,
      long rows,
      long usable,
      List<Refusal> refusals,
      long duplicates,
      Map<String, Lengths> lengths,
      Optional<String> markers,
      List<Sample> samples) {
    /** The kind of a data file. */
    public enum Kind {
      /** Read by {@link Prompts}. */
      PROMPTS,
      /** Read by {@link Preferences}. */
      PREFERENCES
    }

    /**
     * Rows that cannot be used for one reason.
     *
     * @param reason what was expected and what was found, on one line
     * @param count number of such rows
     * @param first locations of the first few of them: lines from 1, in Parquet rows
     */
    public record Refusal(String reason, long count, List<Long> first) {
      /** Copies the list. */
      public Refusal {
        first = List.copyOf(first);
      }
    }

    /** Lengths of texts in UTF-16 units. */
    public record Lengths(int shortest, int median, int longest, double mean) {}

    /**
     * A usable row.
     *
     * @param line the line where it starts, from 1; in Parquet its row
     * @param texts the texts by name: prompt (of a conversation the last message), chosen, rejected
     */
    public record Sample(long line, Map<String, String> texts) {
      /** Returns its location only; the texts may be private. */
      @Override
      public String toString() {
        return "Sample[line " + line + "]";
      }
    }

    /**
     * Inspects a file, detecting its kind from its keys or columns: preferences if there are chosen
     * and rejected, else prompts.
     *
     * @throws AlignmentException if it cannot be read, or is not a file of that kind
     */
    public static FileInspection of(Path file) {
      return of(file, FileInspector.kind(file));
    }

    /**
     * Inspects a file of a given kind.
     *
     * @throws AlignmentException if it cannot be read, or is not a file of that kind
     */
    public static FileInspection of(Path file, Kind kind) {
      return new FileInspector(file, kind).inspect();
    }

    /** Returns the counts only; the texts may be private. */
    @Override
    public String toString() {
      return "FileInspection[" + file + ", " + kind + ", " + usable + " of " + rows + " rows]";
    }
  }
}
