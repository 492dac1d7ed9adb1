package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.alignment4j.core.AlignmentException;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Configurations whole, short and contradictory, against what transformers makes of them: the file
 * is {@code examples/python/config_goldens.py}'s.
 */
class ConfigDefaultsTests {
  @TempDir Path folder;

  /** One configuration and the numbers it stands for; none if transformers refuses it. */
  private record Case(String name, JsonObject config, JsonObject expected) {}

  private static List<Case> cases() throws IOException {
    JsonArray rows;
    try (InputStream in = ConfigDefaultsTests.class.getResourceAsStream("config-goldens.json");
        Reader reader = new InputStreamReader(in, StandardCharsets.UTF_8)) {
      rows = JsonParser.parseReader(reader).getAsJsonArray();
    }
    Map<String, JsonObject> whole = new LinkedHashMap<>();
    List<Case> cases = new ArrayList<>();
    for (JsonElement element : rows) {
      JsonObject row = element.getAsJsonObject();
      String family = row.get("family").getAsString();
      if (!row.has("name")) {
        whole.put(family, row);
        cases.add(
            new Case(
                family + ": whole",
                row.getAsJsonObject("config"),
                row.getAsJsonObject("expected")));
        continue;
      }
      JsonObject config = whole.get(family).getAsJsonObject("config").deepCopy();
      row.getAsJsonObject("set").asMap().forEach(config::add);
      if (row.has("absent")) {
        row.getAsJsonArray("absent").forEach(key -> config.remove(key.getAsString()));
      }
      JsonObject expected = null;
      if (!row.has("error")) {
        expected = whole.get(family).getAsJsonObject("expected").deepCopy();
        if (row.has("expected")) {
          row.getAsJsonObject("expected").asMap().forEach(expected::add);
        }
      }
      cases.add(new Case(family + ": " + row.get("name").getAsString(), config, expected));
    }
    return cases;
  }

  /** What transformers runs and this library refuses, by name; all of it is in docs/models.md. */
  private static boolean isRefusedHere(Case c) {
    JsonObject expected = c.expected;
    String name = c.name.substring(c.name.indexOf(':') + 2);
    boolean noWindows = c.name.startsWith("llama") || c.name.startsWith("gemma:");
    boolean sliding =
        c.config.get("layer_types") instanceof JsonArray types
            && types.toString().contains("sliding");
    return expected.get("biases").getAsBoolean()
        || !expected.get("causal").getAsBoolean()
        || expected.get("activation").getAsString().equals("relu")
        || name.equals("dynamic")
        || name.equals("per layer")
        // generation fails there
        || (sliding && noWindows)
        || name.equals("types, window null")
        || (name.equals("types, window absent") && c.name.startsWith("phi3"))
        // heads of one number, or a cap that divides by nothing
        || expected.get("headSize").getAsInt() % 2 == 1
        || name.endsWith("cap 0") && c.name.startsWith("gemma2");
  }

  private ModelConfig read(JsonObject config) throws IOException {
    Files.writeString(folder.resolve("config.json"), config.toString());
    return ModelConfig.read(folder);
  }

  @TestFactory
  List<DynamicTest> everyKeyIsReadAsInTransformers() throws IOException {
    Map<String, List<Case>> byFamily = new TreeMap<>();
    for (Case c : cases()) {
      byFamily
          .computeIfAbsent(c.name.substring(0, c.name.indexOf(':')), f -> new ArrayList<>())
          .add(c);
    }
    List<DynamicTest> tests = new ArrayList<>();
    byFamily.forEach(
        (family, cases) -> tests.add(DynamicTest.dynamicTest(family, () -> checkAll(cases))));
    return tests;
  }

  private void checkAll(List<Case> cases) throws IOException {
    List<String> wrong = new ArrayList<>();
    for (Case c : cases) {
      if (c.expected == null || isRefusedHere(c)) {
        try {
          wrong.add(c.name + ": not refused: " + read(c.config));
        } catch (AlignmentException e) {
          if (!e.getMessage().contains("config.json")) {
            wrong.add(c.name + ": " + e.getMessage());
          }
        }
        continue;
      }
      try {
        Map<String, Object> expected = expected(c.expected);
        Map<String, Object> found = found(read(c.config));
        expected.forEach(
            (key, value) -> {
              if (!same(value, found.get(key))) {
                wrong.add(c.name + ": " + key + " " + found.get(key) + ", expected " + value);
              }
            });
      } catch (AlignmentException e) {
        wrong.add(c.name + ": " + e.getMessage());
      }
    }
    assertTrue(wrong.isEmpty(), () -> wrong.size() + ": " + String.join("\n", wrong));
  }

  private static Map<String, Object> expected(JsonObject o) {
    Map<String, Object> values = new LinkedHashMap<>();
    for (String key : Set.of("vocabulary", "width", "mlpWidth", "blocks", "heads", "kvHeads")) {
      values.put(key, o.get(key).getAsDouble());
    }
    for (String key : Set.of("headSize", "contextLength", "normEps", "attentionFactor")) {
      values.put(key, o.get(key).getAsDouble());
    }
    for (String key : Set.of("scoreScale", "scoreCap", "logitCap")) {
      values.put(key, o.get(key).getAsDouble());
    }
    values.put("tiedHead", o.get("tiedHead").getAsBoolean());
    values.put(
        "activation", o.get("activation").getAsString().replace("gelu_pytorch_tanh", "gelu_tanh"));
    values.put("endOfSequence", new TreeSet<>(numbers(o.get("endOfSequence"))));
    for (String key : Set.of("windows", "frequencies", "longFrequencies")) {
      values.put(key, o.get(key).isJsonNull() ? null : numbers(o.get(key)));
    }
    return values;
  }

  private static List<Double> numbers(JsonElement array) {
    List<Double> values = new ArrayList<>();
    array.getAsJsonArray().forEach(e -> values.add(e.getAsDouble()));
    return values;
  }

  private static Map<String, Object> found(ModelConfig c) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("vocabulary", (double) c.vocabulary());
    values.put("width", (double) c.width());
    values.put("mlpWidth", (double) c.mlpWidth());
    values.put("blocks", (double) c.blocks());
    values.put("heads", (double) c.heads());
    values.put("kvHeads", (double) c.kvHeads());
    values.put("headSize", (double) c.headSize());
    values.put("contextLength", (double) c.contextLength());
    values.put("normEps", c.normEps());
    values.put("attentionFactor", c.rope().attentionFactor());
    values.put("scoreScale", c.extras().scoreScale());
    values.put("scoreCap", c.extras().scoreCap());
    values.put("logitCap", c.extras().logitCap());
    values.put("tiedHead", c.tiedHead());
    values.put("activation", c.extras().activation().name().toLowerCase(java.util.Locale.ROOT));
    TreeSet<Double> ends = new TreeSet<>();
    c.endOfSequence().forEach(e -> ends.add((double) e));
    values.put("endOfSequence", ends);
    values.put(
        "windows", c.windowed().stream().map(w -> w ? (double) c.slidingWindow() : 0).toList());
    boolean switches = c.rope().switchesAbove() > 0;
    values.put("frequencies", frequencies(c, 1));
    values.put("longFrequencies", switches ? frequencies(c, c.rope().switchesAbove() + 1) : null);
    return values;
  }

  private static List<Double> frequencies(ModelConfig c, int length) {
    int rotated = c.rope().rotated(c.headSize());
    float[] powers = new float[rotated / 2];
    for (int i = 0; i < powers.length; i++) {
      powers[i] = (float) Math.pow(c.rope().base(), 2.0 * i / rotated);
    }
    List<Double> values = new ArrayList<>();
    for (float f : c.rope().frequencies(powers, length)) {
      values.add((double) f);
    }
    return values;
  }

  private static boolean same(Object expected, Object found) {
    if (expected instanceof Double a && found instanceof Double b) {
      return Math.abs(a - b) <= 2e-5 * Math.abs(a);
    }
    if (expected instanceof List<?> a && found instanceof List<?> b) {
      boolean same = a.size() == b.size();
      for (int i = 0; same && i < a.size(); i++) {
        same = same(a.get(i), b.get(i));
      }
      return same;
    }
    return expected == null ? found == null : expected.equals(found);
  }
}
