package org.alignment4j.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alignment4j.core.AlignmentException;

/**
 * What is read of a data file and what is not, and why. Immutable.
 *
 * @param file the file
 * @param kind what it was read as
 * @param container what it is written in, such as "JSON Lines" or "CSV with semicolons"
 * @param layouts how many of the usable rows are in which form, in the order found; of prompts the
 *     one format
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
   * Looks through a file of the kind that its keys or columns show: preferences if there are chosen
   * and rejected, else prompts.
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
