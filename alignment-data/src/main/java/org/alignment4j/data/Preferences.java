package org.alignment4j.data;

import static org.alignment4j.core.Arguments.require;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
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
}
