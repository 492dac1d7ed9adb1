package org.alignment4j.examples.cli.output;

import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.data.Preferences.Contents;

/** Reports what was read from a preference file, and what was skipped. */
public final class PairsText {
  /** Number of skipped rows in the text output; the JSON has all. */
  private static final int SHOWN = 3;

  private PairsText() {}

  /** Returns what was read, for JSON. */
  public static Map<String, Object> json(Path pairs, Contents set) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("file", pairs);
    json.put("rows", set.rows());
    json.put("pairs", set.pairs().size());
    List<Map<String, Object>> skipped = new ArrayList<>();
    for (Contents.Skipped s : set.skipped()) {
      skipped.add(ImmutableMap.of("row", s.row(), "reason", s.reason()));
    }
    json.put("skipped", skipped);
    return json;
  }

  /** Returns what was read, as text. */
  public static String of(Contents set) {
    return String.format("%d rows read, %d of them pairs", set.rows(), set.pairs().size())
        + listed(
            "skipped",
            set.skipped().stream().map(s -> "row " + s.row() + ": " + s.reason()).toList());
  }

  /**
   * Returns the first few reasons, one per line, and the number of the rest; empty if there are
   * none.
   */
  public static String listed(String what, List<String> reasons) {
    if (reasons.isEmpty()) {
      return "";
    }
    StringBuilder text = new StringBuilder("\n" + reasons.size() + " " + what + ":");
    reasons.stream().limit(SHOWN).forEach(r -> text.append("\n  ").append(r));
    if (reasons.size() > SHOWN) {
      text.append("\n  and ").append(reasons.size() - SHOWN).append(" more");
    }
    return text.toString();
  }
}
