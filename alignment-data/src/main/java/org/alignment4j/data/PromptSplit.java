package org.alignment4j.data;

import static org.alignment4j.core.Arguments.require;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.PromptRow.Label;

/**
 * A prompt set divided once and for all, so that what is tuned on is never measured on. Rows keep
 * the order of their source. Immutable.
 *
 * @param tuning rows for tuning
 * @param heldOut rows of the same kind, kept for measuring
 * @param contrast rows of the opposite label, kept for measuring; empty where the set has none
 */
public record PromptSplit(
    List<PromptRow> tuning, List<PromptRow> heldOut, List<PromptRow> contrast) {
  private static final int XSTEST_SAFE_TYPES = 10;
  private static final int XSTEST_TUNING_PER_TYPE = 10;
  private static final int XSTEST_TUNING = XSTEST_SAFE_TYPES * XSTEST_TUNING_PER_TYPE;
  private static final int XSTEST_HELD_OUT = 150;
  private static final int ADVBENCH_ROWS = 520;
  private static final int ADVBENCH_HELD_OUT_FROM = 420;
  private static final Pattern ID_NUMBER = Pattern.compile("(\\d{1,18})$");

  /** Copies the lists. */
  public PromptSplit {
    tuning = List.copyOf(tuning);
    heldOut = List.copyOf(heldOut);
    contrast = List.copyOf(contrast);
  }

  /**
   * Divides XSTest: the 10 lowest ids of each of the 10 safe types for tuning (100), the other safe
   * prompts (150) held out, the unsafe contrasts (200) apart.
   *
   * @throws BadDataException if the rows are not those of XSTest
   */
  public static PromptSplit xsTest(List<PromptRow> rows) {
    PromptSplit split = lowestIdsOfEachType(rows, XSTEST_TUNING_PER_TYPE);
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
   * Divides AdvBench: rows 0 to 419 for tuning, 420 to 519 held out.
   *
   * @throws BadDataException unless there are 520 rows
   */
  public static PromptSplit advBench(List<PromptRow> rows) {
    if (rows.size() != ADVBENCH_ROWS) {
      throw new BadDataException(
          "expected AdvBench with " + ADVBENCH_ROWS + " rows, found " + rows.size());
    }
    return at(rows, ADVBENCH_HELD_OUT_FROM);
  }

  /**
   * Divides at a row: those before it for tuning, it and those after it held out.
   *
   * @param firstHeldOut 0-based row number, 0 to the number of rows
   */
  public static PromptSplit at(List<PromptRow> rows, int firstHeldOut) {
    require(
        firstHeldOut >= 0 && firstHeldOut <= rows.size(),
        "the first held-out row must be in 0 to %d, was %d",
        rows.size(),
        firstHeldOut);
    return new PromptSplit(
        rows.subList(0, firstHeldOut), rows.subList(firstHeldOut, rows.size()), List.of());
  }

  /** Divides by turns: the first, third and so on for tuning, the others held out. */
  public static PromptSplit byTurns(List<PromptRow> rows) {
    List<PromptRow> tuning = new ArrayList<>();
    List<PromptRow> heldOut = new ArrayList<>();
    for (PromptRow row : rows) {
      (tuning.size() > heldOut.size() ? heldOut : tuning).add(row);
    }
    return new PromptSplit(tuning, heldOut, List.of());
  }

  /**
   * Divides the safe rows: the lowest ids of each type for tuning, the others held out; rows of
   * other labels are the contrast. Ids are compared by the number they end in ("v2-7" is 7).
   *
   * @param perType tuning rows of each type, at least 1; a smaller type goes wholly to tuning
   * @throws BadDataException if a safe row's id ends in no number
   */
  public static PromptSplit lowestIdsOfEachType(List<PromptRow> rows, int perType) {
    require(perType >= 1, "tuning rows of each type must be >= 1, was %d", perType);
    Map<String, List<PromptRow>> byType = new LinkedHashMap<>();
    Map<PromptRow, Long> numbers = new HashMap<>();
    List<PromptRow> contrast = new ArrayList<>();
    for (PromptRow row : rows) {
      if (row.label() == Label.SAFE) {
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
    return new PromptSplit(inOrderOf(rows, tuning), inOrderOf(rows, heldOut), contrast);
  }

  private static List<PromptRow> inOrderOf(List<PromptRow> rows, List<PromptRow> chosen) {
    Set<PromptRow> set = new HashSet<>(chosen);
    return rows.stream().filter(set::contains).toList();
  }

  private static long number(PromptRow row) {
    Matcher matcher = ID_NUMBER.matcher(row.id());
    if (!matcher.find()) {
      throw new BadDataException("expected an id that ends in a number, found '" + row.id() + "'");
    }
    return Long.parseLong(matcher.group(1));
  }
}
