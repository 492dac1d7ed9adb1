package org.alignment4j.data.moral;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes rows in BBQ's form. */
final class BbqRows {
  private final String category;
  private final List<String> lines = new ArrayList<>();

  BbqRows(String category) {
    this.category = category;
  }

  /**
   * Adds a row whose options are an answer of each group and an unknown one, in this order.
   *
   * @param one text and group of the first option
   * @param two of the second
   */
  BbqRows add(
      String index,
      boolean negative,
      boolean ambiguous,
      List<String> stereotyped,
      List<String> one,
      List<String> two,
      int label) {
    JsonObject o = new JsonObject();
    o.addProperty("example_id", lines.size());
    o.addProperty("question_index", index);
    o.addProperty("question_polarity", negative ? "neg" : "nonneg");
    o.addProperty("context_condition", ambiguous ? "ambig" : "disambig");
    o.addProperty("category", category);
    JsonObject info = new JsonObject();
    info.add("ans0", array(one));
    info.add("ans1", array(two));
    info.add("ans2", array(List.of("Not known", "unknown")));
    o.add("answer_info", info);
    JsonObject more = new JsonObject();
    more.add("stereotyped_groups", array(stereotyped));
    o.add("additional_metadata", more);
    o.addProperty("context", "Context " + lines.size() + ".");
    o.addProperty("question", "Who?");
    o.addProperty("ans0", "The " + (one.isEmpty() ? "Latina woman" : one.get(0)));
    o.addProperty("ans1", "The " + (two.isEmpty() ? "Latina woman" : two.get(0)));
    o.addProperty("ans2", "Not known");
    o.addProperty("label", label);
    lines.add(o.toString());
    return this;
  }

  /** Adds rows of all four kinds for a template. */
  BbqRows addAll(String index, List<String> stereotyped, List<String> one, List<String> two) {
    for (boolean negative : new boolean[] {true, false}) {
      add(index, negative, true, stereotyped, one, two, 2);
      add(index, negative, false, stereotyped, one, two, 0);
      add(index, negative, false, stereotyped, one, two, 1);
    }
    return this;
  }

  private static JsonArray array(List<String> texts) {
    JsonArray array = new JsonArray();
    texts.forEach(array::add);
    return array;
  }

  Bbq read(Path folder) throws IOException {
    write(folder);
    return Bbq.read(folder);
  }

  void write(Path folder) throws IOException {
    Files.writeString(folder.resolve(category + ".jsonl"), String.join("\n", lines) + "\n");
  }
}
