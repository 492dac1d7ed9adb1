package org.alignment4j.data;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.alignment4j.core.BadDataException;
import org.alignment4j.synthesis.SourceText;

/**
 * A file of source texts, its format, and what is said of texts where the file itself does not.
 * Files are UTF-8, plain or gzip, or Parquet, of any size: memory is bounded by 4 MiB for a line of
 * JSON Lines or text, and as much for a record of CSV. Rows without an id get the file's name and
 * the line's number, {@code name:7}. Immutable.
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
   * A row that is set aside.
   *
   * @param file the file
   * @param line where the row begins, from 1; in Parquet the row's number
   * @param reason what was expected and what was found, on one line, without the row's text
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
   * JSON Lines: objects with {@code text} and, if they like, {@code id}, {@code category}, {@code
   * source} and {@code licence} or {@code license}; other keys are not looked at.
   */
  public static SourceFile jsonl(Path file) {
    return new SourceFile(file, SourceFormat.JSONL, "", "", "");
  }

  /** CSV (RFC 4180) with a header that has the keys of {@link #jsonl}, in any case and order. */
  public static SourceFile csv(Path file) {
    return new SourceFile(file, SourceFormat.CSV, "", "", "");
  }

  /**
   * Parquet with columns of the names of {@link #jsonl}, in any case and order, as strings; the id
   * may be a number. Memory is bounded by what the file's writer put into a row group.
   */
  public static SourceFile parquet(Path file) {
    return new SourceFile(file, SourceFormat.PARQUET, "", "", "");
  }

  /**
   * HateCheck's test cases (R&ouml;ttger et al. 2021): CSV with {@code test_case}, {@code
   * functionality}, {@code label_gold} and {@code target_ident}. The category is hate where the
   * label is hateful, else benign; the source is {@code hatecheck/FUNCTIONALITY/TARGET}, without a
   * target where there is none; the licence CC-BY-4.0; the id {@code case_id}, if there is one.
   */
  public static SourceFile hateCheck(Path file) {
    return new SourceFile(file, SourceFormat.HATECHECK, "", "hatecheck", "CC-BY-4.0");
  }

  /**
   * ToxiGen's prompts (Hartvigsen et al. 2022), text with one a line: a list of statements on a
   * group for a language model to continue, whose line breaks the file has as {@code \n}. The
   * category is hate or benign as the file's name begins with {@code hate_} or {@code neutral_},
   * else empty; the source toxigen, the licence MIT.
   */
  public static SourceFile toxigen(Path file) {
    return new SourceFile(file, SourceFormat.TOXIGEN, toxigenCategory(file), "toxigen", "MIT");
  }

  /**
   * The statements in ToxiGen's prompts, one by one; otherwise like {@link #toxigen}. The id is the
   * line's with the statement's number from 1, {@code name:7.2}. Many occur in several prompts.
   */
  public static SourceFile toxigenStatements(Path file) {
    return new SourceFile(
        file, SourceFormat.TOXIGEN_STATEMENTS, toxigenCategory(file), "toxigen", "MIT");
  }

  private static String toxigenCategory(Path file) {
    String name = TextFile.plainName(file);
    return name.startsWith("hate_") ? "hate" : name.startsWith("neutral_") ? "benign" : "";
  }

  /** The category of texts for which the file has none. */
  public SourceFile withCategory(String newCategory) {
    return new SourceFile(file, format, newCategory, source, licence);
  }

  /** The source of texts for which the file has none. */
  public SourceFile withSource(String newSource) {
    return new SourceFile(file, format, category, newSource, licence);
  }

  /** The licence of texts for which the file has none, an SPDX identifier or expression. */
  public SourceFile withLicence(String newLicence) {
    return new SourceFile(file, format, category, source, newLicence);
  }

  /**
   * Reads the texts one by one, in the file's order, as the stream's end asks for them. Close the
   * stream; it is for one thread.
   *
   * @param skipped is told of each row that cannot be used, before the next text
   * @throws BadDataException if the file cannot be opened or lacks a column; from the stream,
   *     naming file and line, if reading fails
   * @throws org.alignment4j.core.AlignmentException naming the libraries to add, if the file is
   *     Parquet and Parquet's are missing
   */
  public Stream<SourceText> open(Consumer<Skipped> skipped) {
    SourceRows rows = new SourceRows(this);
    return RowStream.ofLists(
        rows.open(),
        rows::texts,
        (row, reason) -> skipped.accept(new Skipped(file, row.line(), reason)));
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
