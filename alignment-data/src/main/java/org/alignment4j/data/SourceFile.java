package org.alignment4j.data;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.alignment4j.core.BadDataException;
import org.alignment4j.synthesis.SourceText;

/**
 * A file of source texts, its format, and the defaults of category, source and licence. Files are
 * UTF-8, plain or gzip, or Parquet, of any size: memory is bounded by 4 MiB per line of JSON Lines
 * or text, per element of a JSON array and per record of CSV. Rows without an id get the file's
 * name and the number of the line, or of the array's element, {@code name:7}. Immutable.
 *
 * <pre>{@code
 * try (Stream<SourceText> texts = SourceFile.hateCheck(file).open(bad -> log.warn("{}", bad))) {
 *   texts.filter(text -> text.category().equals("hate")).forEach(...);
 * }
 * }</pre>
 */
public final class SourceFile {
  private final Path file;
  private final SourceFormat format;
  private final String category;
  private final String source;
  private final String licence;

  private SourceFile(
      Path file, SourceFormat format, String category, String source, String licence) {
    this.file = file;
    this.format = format;
    this.category = category;
    this.source = source;
    this.licence = licence;
  }

  /**
   * A skipped row.
   *
   * @param file the file
   * @param line the line where the row starts, from 1; in Parquet the row's number
   * @param reason what was expected and what was found, on one line, without the row's text; of a
   *     JSON array, many of whose elements may be on one line, it begins with the row's number
   */
  public record Skipped(Path file, long line, String reason) {
    /**
     * @throws IllegalArgumentException if line is below 1
     */
    public Skipped {
      require(line >= 1, "lines are counted from 1, found %s", line);
    }

    @Override
    public String toString() {
      String unit = TextFile.plainName(file).endsWith(".parquet") ? "row" : "line";
      return file + ", " + unit + " " + line + ": " + reason;
    }
  }

  /**
   * Returns a file of JSON Lines or of one JSON array: objects with {@code text} and optionally
   * {@code id}, {@code category}, {@code source} and {@code licence} or {@code license}; other keys
   * are ignored.
   */
  public static SourceFile jsonl(Path file) {
    return new SourceFile(file, SourceFormat.JSONL, "", "", "");
  }

  /**
   * Returns a CSV file (RFC 4180) with a header that has the keys of {@link #jsonl}, in any case
   * and order.
   */
  public static SourceFile csv(Path file) {
    return new SourceFile(file, SourceFormat.CSV, "", "", "");
  }

  /**
   * Returns a Parquet file with string columns named like the keys of {@link #jsonl}, in any case
   * and order; the id may be a number. Memory is bounded by the size of a row group.
   */
  public static SourceFile parquet(Path file) {
    return new SourceFile(file, SourceFormat.PARQUET, "", "", "");
  }

  /**
   * Returns a file of HateCheck's test cases (R&ouml;ttger et al. 2021): CSV with {@code
   * test_case}, {@code functionality}, {@code label_gold} and {@code target_ident}. The category is
   * hate if the label is hateful, else benign; the source is {@code
   * hatecheck/FUNCTIONALITY/TARGET}, or without the target if there is none; the licence is
   * CC-BY-4.0, and the id {@code case_id}, if present.
   */
  public static SourceFile hateCheck(Path file) {
    return new SourceFile(file, SourceFormat.HATECHECK, "", "hatecheck", "CC-BY-4.0");
  }

  /**
   * Returns a text file of ToxiGen's prompts (Hartvigsen et al. 2022), one per line: a list of
   * statements on a group for a language model to continue, with line breaks escaped as {@code }.
   * The category is hate or benign if the file's name starts with {@code hate_} or {@code
   * neutral_}, respectively, else empty; the source is toxigen, the licence MIT.
   */
  public static SourceFile toxigen(Path file) {
    return new SourceFile(file, SourceFormat.TOXIGEN, toxigenCategory(file), "toxigen", "MIT");
  }

  /**
   * Returns a file of the single statements in ToxiGen's prompts; otherwise like {@link #toxigen}.
   * The id is the line's followed by the statement's number from 1, {@code name:7.2}. Many
   * statements occur in several prompts.
   */
  public static SourceFile toxigenStatements(Path file) {
    return new SourceFile(
        file, SourceFormat.TOXIGEN_STATEMENTS, toxigenCategory(file), "toxigen", "MIT");
  }

  private static String toxigenCategory(Path file) {
    String name = TextFile.plainName(file);
    return name.startsWith("hate_") ? "hate" : name.startsWith("neutral_") ? "benign" : "";
  }

  /** Returns this file with a default category for texts without one. */
  public SourceFile withCategory(String newCategory) {
    return new SourceFile(file, format, newCategory, source, licence);
  }

  /** Returns this file with a default source for texts without one. */
  public SourceFile withSource(String newSource) {
    return new SourceFile(file, format, category, newSource, licence);
  }

  /**
   * Returns this file with a default licence, an SPDX identifier or expression, for texts without
   * one.
   */
  public SourceFile withLicence(String newLicence) {
    return new SourceFile(file, format, category, source, newLicence);
  }

  /**
   * Returns a lazy stream of the texts, in the file's order. It is not thread-safe and must be
   * closed.
   *
   * @param skipped called with each row that cannot be used, before the next text
   * @throws BadDataException if the file cannot be opened or lacks a column; thrown by the stream,
   *     with file and line in the message, if reading fails
   * @throws org.alignment4j.core.AlignmentException naming the libraries to add, if the file is
   *     Parquet and Parquet's are missing
   */
  public Stream<SourceText> open(Consumer<Skipped> skipped) {
    SourceRows rows = new SourceRows(this);
    return RowStream.ofLists(file, rows.open(), rows::texts, skipped);
  }

  Path file() {
    return file;
  }

  SourceFormat format() {
    return format;
  }

  String category() {
    return category;
  }

  String source() {
    return source;
  }

  String licence() {
    return licence;
  }
}
