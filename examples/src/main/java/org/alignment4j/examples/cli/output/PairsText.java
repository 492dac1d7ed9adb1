package org.alignment4j.examples.cli.output;

import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.data.Preferences.Contents;

/** What was read of a preference file, and what was passed over. */
public final class PairsText {
  /** Skipped rows that people are shown; the JSON has all. */
  private static final int SHOWN = 3;

  private PairsText() {}

  /** What was read, for JSON. */
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

  /** What was read, for people. */
  public static String of(Contents set) {
    return String.format("%d rows read, %d of them pairs", set.rows(), set.pairs().size())
        + listed(
            "skipped",
            set.skipped().stream().map(s -> "row " + s.row() + ": " + s.reason()).toList());
  }

  /** The first few of a list of reasons, a line each, the rest counted; empty if there is none. */
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
