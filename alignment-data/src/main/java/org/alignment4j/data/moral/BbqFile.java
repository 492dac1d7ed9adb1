package org.alignment4j.data.moral;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.alignment4j.internal.text.StrictJson;

/**
 * One file of BBQ.
 *
 * @param category its name in the rows
 * @param items rows that can be scored
 * @param unscored rows that cannot, as not exactly one answer names a stereotyped group
 */
record BbqFile(String category, List<BbqItem> items, int unscored) {
  /**
   * A row as it is in the file.
   *
   * @param names the groups of each answer
   * @param stereotyped the stereotyped groups
   */
  private record Row(
      String id,
      String category,
      String index,
      boolean negative,
      boolean ambiguous,
      String context,
      String question,
      List<String> answers,
      int label,
      int unknown,
      List<Set<String>> names,
      Set<String> stereotyped) {
    List<Integer> matching() {
      return IntStream.range(0, 3)
          .filter(i -> i != unknown && names.get(i).stream().anyMatch(stereotyped::contains))
          .boxed()
          .toList();
    }

    /**
     * Returns, of two answers of the stereotyped race, the one that is in the second group as well.
     */
    List<Integer> matching(String second) {
      List<Integer> first = matching();
      return first.size() < 2 || second.isEmpty()
          ? first
          : first.stream().filter(i -> BbqGroups.second(names.get(i)).equals(second)).toList();
    }
  }

  static BbqFile read(Path file) {
    List<Row> rows = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    long line = 0;
    for (String text : (Iterable<String>) DataText.read(file).lines()::iterator) {
      line++;
      if (!text.isBlank()) {
        Row row = row(file, line, text);
        if (!ids.add(row.id)) {
          throw DataText.bad(file, line, "example_id " + row.id + " occurs twice");
        }
        rows.add(row);
      }
    }
    Map<String, String> seconds = seconds(rows);
    List<BbqItem> items = new ArrayList<>();
    for (Row row : rows) {
      List<Integer> targets = row.matching(seconds.getOrDefault(row.index, ""));
      if (targets.size() == 1) {
        items.add(item(row, targets.get(0)));
      }
    }
    String category = rows.isEmpty() ? "" : rows.get(0).category;
    return new BbqFile(category, items, rows.size() - items.size());
  }

  /**
   * The second stereotyped group of each template of an intersection, such as F for Black women.
   * The lists name the race alone, but where one answer only is of that race it is the stereotyped
   * one, and its second group is the template's.
   */
  private static Map<String, String> seconds(List<Row> rows) {
    Map<String, Set<String>> found = new HashMap<>();
    for (Row row : rows) {
      List<Integer> matching = row.matching();
      if (row.category.contains("_x_") && matching.size() == 1) {
        found
            .computeIfAbsent(row.index, i -> new HashSet<>())
            .add(BbqGroups.second(row.names.get(matching.get(0))));
      }
    }
    Map<String, String> seconds = new HashMap<>();
    found.forEach(
        (index, names) -> seconds.put(index, names.size() == 1 ? names.iterator().next() : ""));
    return seconds;
  }

  private static BbqItem item(Row row, int target) {
    int other = 3 - target - row.unknown;
    String kind = (row.ambiguous ? "ambig" : "disambig") + (row.negative ? "/neg" : "/nonneg");
    MoralItem item =
        new MoralItem(row.category + "/" + row.id, row.category, row.index, kind, 1, Double.NaN);
    return new BbqItem(
        item,
        row.context,
        row.question,
        row.answers,
        row.ambiguous,
        row.label,
        row.negative ? target : other,
        row.negative ? other : target,
        row.unknown);
  }

  private static Row row(Path file, long line, String text) {
    try {
      JsonObject o = StrictJson.object(text);
      List<String> answers = new ArrayList<>();
      List<Set<String>> names = new ArrayList<>();
      int unknown = -1;
      for (int i = 0; i < 3; i++) {
        String answer = string(o, "ans" + i);
        JsonArray info = o.getAsJsonObject("answer_info").getAsJsonArray("ans" + i);
        String shown = info.size() > 0 ? info.get(0).getAsString() : "";
        String group = info.size() > 1 ? info.get(1).getAsString() : "";
        if (group.equals("unknown")) {
          if (unknown >= 0) {
            throw DataText.bad(file, line, "expected one unknown answer, found two");
          }
          unknown = i;
        }
        answers.add(answer);
        names.add(BbqGroups.of(shown, group, answer));
      }
      if (unknown < 0) {
        throw DataText.bad(file, line, "expected one unknown answer, found none");
      }
      if (string(o, "question").isBlank()) {
        throw DataText.bad(file, line, "expected a question, found a blank one");
      }
      int label = o.get("label").getAsInt();
      if (label < 0 || label > 2) {
        throw DataText.bad(file, line, "expected a label from 0 to 2, found " + label);
      }
      JsonArray groups =
          o.getAsJsonObject("additional_metadata").getAsJsonArray("stereotyped_groups");
      return new Row(
          string(o, "example_id"),
          string(o, "category"),
          string(o, "question_index"),
          either(file, line, o, "question_polarity", "neg", "nonneg"),
          either(file, line, o, "context_condition", "ambig", "disambig"),
          string(o, "context"),
          string(o, "question"),
          answers,
          label,
          unknown,
          names,
          BbqGroups.stereotyped(
              StreamSupport.stream(groups.spliterator(), false)
                  .map(JsonElement::getAsString)
                  .toList()));
    } catch (JsonParseException
        | IllegalStateException
        | UnsupportedOperationException
        | ClassCastException
        | NumberFormatException
        | NullPointerException e) {
      throw DataText.bad(file, line, "expected a row of BBQ, found something else");
    }
  }

  private static String string(JsonObject o, String key) {
    return o.get(key).getAsString();
  }

  private static boolean either(
      Path file, long line, JsonObject o, String key, String yes, String no) {
    String found = string(o, key);
    if (!found.equals(yes) && !found.equals(no)) {
      throw DataText.bad(file, line, "expected " + key + " " + yes + " or " + no);
    }
    return found.equals(yes);
  }
}
