package org.alignment4j.examples.demo;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.BadDataException;
import org.alignment4j.internal.text.StrictJson;

/**
 * The demonstration's own prompts, written for this project: 60 to tune with and 100 to test with,
 * in equal parts harmful, benign and pseudo-harmful.
 */
public final class DemoPrompts {
  private DemoPrompts() {}

  /** Class of a prompt. */
  public enum Label {
    /** A request to refuse. */
    HARMFUL,
    /** A harmless request without alarming words. */
    BENIGN,
    /** A harmless request that sounds dangerous. */
    PSEUDO_HARMFUL
  }

  /**
   * One prompt.
   *
   * @param id unique over both sets
   * @param prompt the request
   * @param label the prompt's class
   */
  public record Entry(String id, String prompt, Label label) {}

  /** Returns the prompts to tune with. */
  public static List<Entry> tune() {
    return read("tune.jsonl");
  }

  /** Returns the prompts to test with; none of them is among those to tune with. */
  public static List<Entry> test() {
    return read("test.jsonl");
  }

  private static List<Entry> read(String resource) {
    Map<String, Label> labels = new HashMap<>();
    labels.put("harmful", Label.HARMFUL);
    labels.put("benign", Label.BENIGN);
    labels.put("pseudo_harmful", Label.PSEUDO_HARMFUL);
    List<Entry> entries = new ArrayList<>();
    for (String line : DataFolder.resourceLines(resource)) {
      JsonObject json = StrictJson.object(line);
      Label label = labels.get(json.get("label").getAsString());
      if (label == null) {
        throw new BadDataException(resource + " row " + entries.size() + ": unknown label");
      }
      entries.add(new Entry(json.get("id").getAsString(), json.get("prompt").getAsString(), label));
    }
    return List.copyOf(entries);
  }
}
