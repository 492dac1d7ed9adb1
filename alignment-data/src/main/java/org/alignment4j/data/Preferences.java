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
 * Reads and writes preference sets: prompts with a preferred and a dispreferred response. Files are
 * JSON Lines, one JSON array, or CSV with columns prompt, chosen and rejected, UTF-8, with or
 * without byte order mark, plain or gzip; or Parquet with such columns. Stateless; threads may
 * share it.
 *
 * <p>A row is in one of these forms, each row for itself, and may have other keys, which are not
 * read:
 *
 * <ul>
 *   <li>TRL standard: prompt, chosen and rejected are text; the prompt becomes a user message.
 *   <li>TRL conversational: lists of messages with role and content. The prompt is a list of its
 *       own, or the messages that chosen and rejected share; one assistant message remains in each.
 *       The prompt may stand apart as text and be repeated in both lists, as in the binarized
 *       UltraFeedback.
 *   <li>HH-RLHF: no prompt, chosen and rejected are whole dialogues of "\n\nHuman:" and
 *       "\n\nAssistant:" turns; the prompt ends at the last "\n\nAssistant:", and one space behind
 *       each marker is no part of the text. A prompt of such turns that ends with "\n\nAssistant:"
 *       beside bare responses is read so too.
 * </ul>
 *
 * <p>Nothing can be learned from a pair whose chosen, rejected or last prompt message is blank, or
 * whose responses are equal: it is skipped as a malformed row is. A line of JSON Lines and a record
 * of CSV can have 4 MiB.
 *
 * <p>{@link PreferenceFile} reads row by row what does not fit into memory, and gives examples for
 * supervised fine-tuning of rows without a rejected text; {@link PreferenceWriter} writes all
 * forms.
 */
public final class Preferences {
  private Preferences() {}

  /**
   * Reads a file, whatever its name. A pair's id is the row's id if it has one, which may repeat,
   * and else its number as {@link Contents.Skipped#row()} counts.
   *
   * @return at least one pair; all other rows with the reason why they were skipped
   * @throws BadDataException naming the file, expected and found, if it cannot be read, is no
   *     preference file, or has no usable row; also if a JSON array does not end, for where later
   *     rows begin is unknown then
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
              + set.skipped().stream().findFirst().map(s -> "; " + place(s)).orElse(""));
    }
    return set;
  }

  /**
   * Reads a file of which every row must be usable; otherwise like {@link #read}.
   *
   * @return at least one pair, in the file's order
   * @throws BadDataException as {@link #read}, and naming the first row that cannot be used
   */
  public static List<PreferencePair> readStrict(Path file) {
    Contents set = read(file);
    if (!set.skipped().isEmpty()) {
      throw new BadDataException(
          file
              + ", "
              + place(set.skipped().get(0))
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
   * appears whole or not at all.
   *
   * @throws IllegalArgumentException if there is no pair, or one that would be skipped on reading
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
    try (RowSource source =
        PreferenceSource.isArray(file)
            ? PreferenceSource.array(file)
            : PreferenceSource.open(file)) {
      for (RowSource.Row row = source.next(); row != null; row = source.next()) {
        rows.add(row);
      }
    }
    return rows.toSet(file);
  }

  private static String place(Contents.Skipped skipped) {
    return "row " + skipped.row() + ": " + skipped.reason();
  }

  /**
   * The pairs of a preference file, and the rows of it that hold no usable pair. Every row of the
   * file is in one list or the other. Immutable.
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
     * A row that holds no usable pair.
     *
     * @param row counted from 1: the line in JSON Lines, the element in a JSON array, the record
     *     below the header in CSV, the row in Parquet
     * @param reason what was expected and what was found, on one line; holds no text of prompts or
     *     responses beyond key names
     */
    public record Skipped(int row, String reason) {
      /**
       * @throws IllegalArgumentException if row is below 1
       */
      public Skipped {
        require(row >= 1, "rows are counted from 1, found %s", row);
      }
    }

    /** How many rows the file has: pairs and skipped. */
    public int rows() {
      return pairs.size() + skipped.size();
    }

    /** The sizes; the texts may be private. */
    @Override
    public String toString() {
      return "Contents[" + pairs.size() + " pairs, " + skipped.size() + " skipped]";
    }
  }

  /**
   * What is read of a data file and what is not, and why. Immutable.
   *
   * @param file the file
   * @param kind what it was read as
   * @param container what it is written in, such as "JSON Lines" or "CSV with semicolons"
   * @param layouts how many of the usable rows are in which form, in the order found; of prompts
   *     the one format
   * @param used the keys or columns that were found and are read, in the order found
   * @param unused the other keys or columns that were found, in the order found
   * @param rows how many there are that are not empty
   * @param usable how many of them can be used
   * @param refusals why the others cannot, in the order found
   * @param duplicates usable rows whose texts an earlier row has
   * @param lengths of the usable rows' texts, by name: prompt, and for preferences chosen and
   *     rejected
   * @param markers rows that hold markers of a chat template, in words; empty if none does
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
    /** What a data file is for. */
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
     * @param count how many there are
     * @param first where the first few of them begin: lines from 1, in Parquet rows
     */
    public record Refusal(String reason, long count, List<Long> first) {
      /** Copies the list. */
      public Refusal {
        first = List.copyOf(first);
      }
    }

    /** Lengths of texts in characters (UTF-16). */
    public record Lengths(int shortest, int median, int longest, double mean) {}

    /**
     * A usable row.
     *
     * @param line where it begins, from 1; in Parquet its row
     * @param texts by name: prompt (of a conversation the last message), chosen, rejected
     */
    public record Sample(long line, Map<String, String> texts) {
      /** Where it is; the texts may be private. */
      @Override
      public String toString() {
        return "Sample[line " + line + "]";
      }
    }

    /**
     * Looks through a file of the kind that its keys or columns show: preferences if there are
     * chosen and rejected, else prompts.
     *
     * @throws AlignmentException if it cannot be read, or is no file of that kind
     */
    public static FileInspection of(Path file) {
      return of(file, FileInspector.kind(file));
    }

    /**
     * Looks through a file.
     *
     * @throws AlignmentException if it cannot be read, or is no file of that kind
     */
    public static FileInspection of(Path file, Kind kind) {
      return new FileInspector(file, kind).inspect();
    }

    /** The counts; the texts may be private. */
    @Override
    public String toString() {
      return "FileInspection[" + file + ", " + kind + ", " + usable + " of " + rows + " rows]";
    }
  }
}
