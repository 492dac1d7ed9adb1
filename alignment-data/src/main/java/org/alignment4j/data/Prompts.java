package org.alignment4j.data;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.common.collect.ImmutableList;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.Prompts.PromptRow.Label;

/**
 * Reads and writes prompt sets: evaluation and tuning prompts with id, type and label. Files are
 * UTF-8, with or without byte order mark, plain or gzip, or Parquet. Stateless and thread-safe.
 */
public final class Prompts {
  private Prompts() {}

  /**
   * Reads a file, detecting its format from its content and, if that is ambiguous, its name:
   * Parquet and JSON arrays by their content; {@code .jsonl}, {@code .ndjson} and {@code .json} are
   * JSON; {@code .csv} and {@code .tsv} are distinguished by their columns, separated by commas,
   * tabs, semicolons or bars; with another extension such a header or a first line that starts with
   * a brace decides, and anything else is text. {@code .txt} is text unless its first line is a
   * JSON object with a prompt, or a header without commas. A trailing {@code .gz} is ignored.
   *
   * <p>Prompts that contain markers of a chat template, to which the model's own will be added, are
   * counted in one warning per file.
   *
   * @return at least one row, in the file's order, ids unique
   * @throws BadDataException if it cannot be read as such, or contains no prompt; the message names
   *     file and row
   */
  public static List<PromptRow> read(Path file) {
    return read(PromptSource.open(file));
  }

  /**
   * Reads a file in the given format, ignoring its name.
   *
   * @return at least one row, in the file's order, ids unique
   * @throws BadDataException if it cannot be read as such, or contains no prompt; the message names
   *     file and row
   */
  public static List<PromptRow> read(Path file, Format format) {
    return read(PromptSource.open(file, format));
  }

  /** Returns the prompts' texts, in order. */
  public static List<String> texts(List<PromptRow> rows) {
    return rows.stream().map(PromptRow::prompt).toList();
  }

  /**
   * Writes JSON Lines, {@code {"id", "prompt", "type", "label"}}; gzip if the name ends in {@code
   * .gz}. The file is written atomically.
   *
   * @throws BadDataException if the file cannot be written
   */
  public static void writeJsonl(Path file, List<PromptRow> rows) {
    TextFile.write(file, rows.stream().map(Prompts::json).toList());
  }

  /**
   * Writes one prompt per line, without id, type and label; gzip if the name ends in {@code .gz}.
   * The file is written atomically.
   *
   * @throws IllegalArgumentException if a prompt has a line break, which this format cannot
   *     represent
   * @throws BadDataException if the file cannot be written
   */
  public static void writeText(Path file, List<PromptRow> rows) {
    for (PromptRow row : rows) {
      require(
          row.prompt().lines().limit(2).count() < 2
              && !row.prompt().endsWith("\n")
              && !row.prompt().endsWith("\r"),
          "prompt %s has a line break; write JSON Lines instead",
          row.id());
    }
    TextFile.write(file, texts(rows));
  }

  private static List<PromptRow> read(PromptSource source) {
    Path file = source.file();
    List<PromptReader.Read> read = new ArrayList<>();
    TemplateMarkers markers = new TemplateMarkers();
    try (source) {
      for (RowSource.Row row = source.rows().next(); row != null; row = source.rows().next()) {
        try {
          PromptReader.Read prompt = PromptReader.read(row, source.format());
          markers.add(row.line(), List.of(prompt.prompt()));
          read.add(prompt);
        } catch (BadRow e) {
          throw new BadDataException(source.location(row) + ": " + e.reason());
        }
      }
    }
    if (read.isEmpty()) {
      throw new BadDataException(
          file
              + (source.header() == null
                  ? ": the file is empty"
                  : ": expected at least one prompt, found only a header"));
    }
    markers.warn(file, read.size(), "prompts");
    return rows(file, read);
  }

  private static List<PromptRow> rows(Path file, List<PromptReader.Read> read) {
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < read.size(); i++) {
      String id = read.get(i).id();
      if (!id.isBlank() && !ids.add(id)) {
        throw new BadDataException(
            BadRow.shown(file + ", row " + (i + 1) + ": id " + id + " appears twice"));
      }
    }
    List<PromptRow> rows = new ArrayList<>();
    for (PromptReader.Read row : read) {
      String id = row.id();
      if (id.isBlank()) {
        id = Integer.toString(rows.size());
        while (!ids.add(id)) {
          id = "#" + id;
        }
      }
      rows.add(new PromptRow(id, row.prompt(), row.type(), row.label()));
    }
    return List.copyOf(rows);
  }

  private static String json(PromptRow row) {
    JsonObject o = new JsonObject();
    o.addProperty("id", row.id());
    o.addProperty("prompt", row.prompt());
    o.addProperty("type", row.type());
    o.addProperty("label", row.label().name().toLowerCase(Locale.ROOT));
    return JsonPreferences.text(o);
  }

  /** The formats of prompt files that {@link Prompts} reads. */
  public enum Format {
    /** XSTest, CSV: id, prompt, type, and label where present; types "contrast_*" are unsafe. */
    XSTEST("id", "prompt", "type"),
    /** AdvBench, CSV: goal, target; all unsafe. */
    ADVBENCH("goal", "target"),
    /**
     * JailbreakBench, CSV: Goal, Behavior, Category; its harmful and benign files have the same
     * columns.
     */
    JAILBREAKBENCH("goal", "behavior", "category"),
    /** StrongREJECT, CSV: forbidden_prompt, and category where present; all unsafe. */
    STRONGREJECT("forbidden_prompt"),
    /** OR-Bench, CSV: prompt, category; its safe and toxic files have the same columns. */
    OR_BENCH("prompt", "category"),
    /** One prompt per line; blank lines are skipped. */
    TEXT,
    /**
     * One JSON object per line, or one JSON array of objects, with prompt, instruction (and input),
     * question, text, goal, forbidden_prompt, query, user_input, messages or conversations (their
     * first user message), the first one with a value; also id, type or category, and label if
     * present, each of which may be null. The elements of an array may also be texts.
     */
    JSONL,
    /** Any CSV whose header has one of the keys of {@link #JSONL}. */
    CSV,
    /** Parquet with columns named like {@link #JSONL}'s keys. */
    PARQUET;

    private final ImmutableList<String> columns;

    Format(String... columns) {
      this.columns = ImmutableList.copyOf(columns);
    }

    /**
     * Returns the columns that a CSV file of this format must have, in lower case; empty for other
     * formats.
     */
    List<String> columns() {
      return columns;
    }

    /** Returns the CSV format with these column names: the one that matches the most of them. */
    static Optional<Format> ofColumns(List<String> header) {
      Set<String> names =
          header.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toSet());
      for (Format format : List.of(JAILBREAKBENCH, XSTEST, STRONGREJECT, ADVBENCH, OR_BENCH)) {
        if (names.containsAll(format.columns)) {
          return Optional.of(format);
        }
      }
      return Optional.empty();
    }
  }

  /**
   * A fixed split of a prompt set into rows for tuning and for evaluation. Rows keep the order of
   * their source. Immutable.
   *
   * @param tuning rows for tuning
   * @param heldOut rows of the same kind, for evaluation
   * @param contrast rows of the opposite label, for evaluation; empty if the set has none
   */
  public record Split(List<PromptRow> tuning, List<PromptRow> heldOut, List<PromptRow> contrast) {
    private static final int XSTEST_SAFE_TYPES = 10;
    private static final int XSTEST_TUNING_PER_TYPE = 10;
    private static final int XSTEST_TUNING = XSTEST_SAFE_TYPES * XSTEST_TUNING_PER_TYPE;
    private static final int XSTEST_HELD_OUT = 150;
    private static final int XSTEST_CONTRAST_TUNING = 80;
    private static final int XSTEST_CONTRAST_HELD_OUT = 120;
    private static final int ADVBENCH_ROWS = 520;
    private static final int ADVBENCH_HELD_OUT_FROM = 420;
    private static final Pattern ID_NUMBER = Pattern.compile("(\\d{1,18})$");

    /** Copies the lists. */
    public Split {
      tuning = List.copyOf(tuning);
      heldOut = List.copyOf(heldOut);
      contrast = List.copyOf(contrast);
    }

    /**
     * Splits XSTest: the 10 lowest ids of each of the 10 safe types for tuning (100), the other
     * safe prompts (150) held out, the unsafe contrasts (200) as contrast.
     *
     * @throws BadDataException if the rows are not those of XSTest
     */
    public static Split xsTest(List<PromptRow> rows) {
      Split split = lowestIdsOfEachType(rows, XSTEST_TUNING_PER_TYPE);
      long types = split.tuning.stream().map(PromptRow::type).distinct().count();
      if (types != XSTEST_SAFE_TYPES
          || split.tuning.size() != XSTEST_TUNING
          || split.heldOut.size() != XSTEST_HELD_OUT) {
        throw new BadDataException(
            String.format(
                Locale.ROOT,
                "expected XSTest with %d safe prompts of %d types, found %d of %d",
                XSTEST_TUNING + XSTEST_HELD_OUT,
                XSTEST_SAFE_TYPES,
                split.tuning.size() + split.heldOut.size(),
                types));
      }
      return split;
    }

    /**
     * Splits the unsafe half of XSTest as {@link #xsTest} does the safe one: the 10 lowest ids of
     * each of the 8 unsafe types for tuning (80), the other unsafe prompts (120) held out, the safe
     * prompts (250) as contrast.
     *
     * @throws BadDataException if the rows are not those of XSTest
     */
    public static Split xsTestContrast(List<PromptRow> rows) {
      Split split = lowestIdsOfEachType(rows, Label.UNSAFE, XSTEST_TUNING_PER_TYPE);
      if (split.tuning.size() != XSTEST_CONTRAST_TUNING
          || split.heldOut.size() != XSTEST_CONTRAST_HELD_OUT) {
        throw new BadDataException(
            String.format(
                Locale.ROOT,
                "expected XSTest with %d unsafe prompts, of which %d held out, found %d and %d",
                XSTEST_CONTRAST_TUNING + XSTEST_CONTRAST_HELD_OUT,
                XSTEST_CONTRAST_HELD_OUT,
                split.tuning.size() + split.heldOut.size(),
                split.heldOut.size()));
      }
      return split;
    }

    /**
     * Splits AdvBench: rows 0 to 419 for tuning, 420 to 519 held out.
     *
     * @throws BadDataException unless there are 520 rows
     */
    public static Split advBench(List<PromptRow> rows) {
      if (rows.size() != ADVBENCH_ROWS) {
        throw new BadDataException(
            "expected AdvBench with " + ADVBENCH_ROWS + " rows, found " + rows.size());
      }
      return at(rows, ADVBENCH_HELD_OUT_FROM);
    }

    /**
     * Splits at a row: the rows before it for tuning, it and the rows after it held out.
     *
     * @param firstHeldOut 0-based index of a row, 0 to the number of rows
     */
    public static Split at(List<PromptRow> rows, int firstHeldOut) {
      require(
          firstHeldOut >= 0 && firstHeldOut <= rows.size(),
          "the first held-out row must be in 0 to %d, was %d",
          rows.size(),
          firstHeldOut);
      return new Split(
          rows.subList(0, firstHeldOut), rows.subList(firstHeldOut, rows.size()), List.of());
    }

    /** Splits alternately: the first, third and so on for tuning, the others held out. */
    public static Split byTurns(List<PromptRow> rows) {
      List<PromptRow> tuning = new ArrayList<>();
      List<PromptRow> heldOut = new ArrayList<>();
      for (PromptRow row : rows) {
        (tuning.size() > heldOut.size() ? heldOut : tuning).add(row);
      }
      return new Split(tuning, heldOut, List.of());
    }

    /**
     * Splits the safe rows: the lowest ids of each type for tuning, the others held out; rows of
     * other labels are the contrast. Ids are compared by their trailing number ("v2-7" is 7).
     *
     * @param perType number of tuning rows per type, at least 1; all rows of a smaller type are for
     *     tuning
     * @throws BadDataException if a safe row's id ends in no number
     */
    public static Split lowestIdsOfEachType(List<PromptRow> rows, int perType) {
      return lowestIdsOfEachType(rows, Label.SAFE, perType);
    }

    private static Split lowestIdsOfEachType(List<PromptRow> rows, Label label, int perType) {
      require(perType >= 1, "tuning rows of each type must be >= 1, was %d", perType);
      Map<String, List<PromptRow>> byType = new LinkedHashMap<>();
      Map<PromptRow, Long> numbers = new HashMap<>();
      List<PromptRow> contrast = new ArrayList<>();
      for (PromptRow row : rows) {
        if (row.label() == label) {
          byType.computeIfAbsent(row.type(), type -> new ArrayList<>()).add(row);
          numbers.put(row, number(row));
        } else {
          contrast.add(row);
        }
      }
      List<PromptRow> tuning = new ArrayList<>();
      List<PromptRow> heldOut = new ArrayList<>();
      for (List<PromptRow> ofType : byType.values()) {
        List<PromptRow> byId = ofType.stream().sorted(Comparator.comparing(numbers::get)).toList();
        int cut = Math.min(perType, byId.size());
        tuning.addAll(byId.subList(0, cut));
        heldOut.addAll(byId.subList(cut, byId.size()));
      }
      return new Split(inOrderOf(rows, tuning), inOrderOf(rows, heldOut), contrast);
    }

    private static List<PromptRow> inOrderOf(List<PromptRow> rows, List<PromptRow> chosen) {
      Set<PromptRow> set = new HashSet<>(chosen);
      return rows.stream().filter(set::contains).toList();
    }

    private static long number(PromptRow row) {
      Matcher matcher = ID_NUMBER.matcher(row.id());
      if (!matcher.find()) {
        throw new BadDataException(
            "expected an id that ends in a number, found '" + row.id() + "'");
      }
      return Long.parseLong(matcher.group(1));
    }
  }

  /**
   * One prompt of a prompt set. Immutable.
   *
   * @param id the source's id, or the row's index from 0 if it has none
   * @param prompt the prompt's text, never blank, unchanged (including line breaks)
   * @param type the source's type or category; empty if it has none
   * @param label whether the prompt should be answered
   */
  public record PromptRow(String id, String prompt, String type, Label label) {
    /**
     * @throws IllegalArgumentException if id or prompt is blank
     */
    public PromptRow {
      require(!id.isBlank(), "a prompt needs an id");
      require(!prompt.isBlank(), "prompt %s is blank", id);
    }

    /** Returns a prompt without type and label. */
    public static PromptRow of(String id, String prompt) {
      return new PromptRow(id, prompt, "", Label.UNKNOWN);
    }

    /** Returns this prompt with another label, for sources where only the file name states it. */
    public PromptRow withLabel(Label newLabel) {
      return new PromptRow(id, prompt, type, newLabel);
    }

    /** Whether a model should answer a prompt, according to its source. */
    public enum Label {
      /** Should be answered. */
      SAFE,
      /** Should be refused. */
      UNSAFE,
      /** The source does not state it. */
      UNKNOWN
    }
  }
}
