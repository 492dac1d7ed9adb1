package org.alignment4j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What Python writes is read as Python reads it; {@code examples/python/data_forms.py} asked it.
 */
class PythonFormsTests {
  private static JsonArray golden(String name) throws IOException {
    try (InputStream in = PythonFormsTests.class.getResourceAsStream(name)) {
      String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      return JsonParser.parseString(text).getAsJsonArray();
    }
  }

  @Test
  void listsOfMessagesAsTextAreReadAsLiteralEvalReadsThem() throws Exception {
    for (JsonElement each : golden("python-cells.json")) {
      JsonObject row = each.getAsJsonObject();
      JsonElement cell = row.get("cell");
      JsonArray expected = row.getAsJsonArray("messages");
      JsonArray found = MessageText.unfolded("chosen", cell).getAsJsonArray();
      assertEquals(expected.size(), found.size(), cell::toString);
      for (int i = 0; i < expected.size(); i++) {
        for (String key : new String[] {"role", "content"}) {
          assertEquals(
              expected.get(i).getAsJsonObject().get(key),
              found.get(i).getAsJsonObject().get(key),
              cell::toString);
        }
      }
    }
  }

  @Test
  void jsonIsWhatPythonTakesForJson() throws Exception {
    int valid = 0;
    for (JsonElement each : golden("python-json.json")) {
      JsonObject row = each.getAsJsonObject();
      String text = row.get("text").getAsString();
      boolean expected = row.get("valid").getAsBoolean();
      if (expected) {
        valid++;
        try {
          JsonElement found = PythonJson.parse(text, key -> true);
          assertEquals(
              canonical(row.get("value").getAsString()), canonical(found.toString()), text);
        } catch (BadRow e) {
          // Of two values with one key Python keeps the last, which may not be the one that is
          // meant.
          assertTrue(e.reason().contains("occurs twice"), text + ": " + e.reason());
        }
        PythonJson.parse(text, key -> false);
      } else {
        assertThrows(BadRow.class, () -> PythonJson.parse(text, key -> true), text);
        // What is not read is checked all the same.
        assertThrows(BadRow.class, () -> PythonJson.parse(text, key -> false), text);
      }
    }
    assertTrue(valid > 60, () -> "too few valid documents");
  }

  private static String canonical(String json) {
    return canonical(JsonParser.parseString(json)).toString();
  }

  /** Keys in order and numbers by value. */
  private static JsonElement canonical(JsonElement value) {
    if (value.isJsonArray()) {
      JsonArray array = new JsonArray();
      value.getAsJsonArray().forEach(each -> array.add(canonical(each)));
      return array;
    }
    if (value.isJsonObject()) {
      TreeMap<String, JsonElement> sorted = new TreeMap<>(value.getAsJsonObject().asMap());
      JsonObject object = new JsonObject();
      sorted.forEach((key, each) -> object.add(key, canonical(each)));
      return object;
    }
    if (value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber()) {
      String digits = value.getAsString();
      return digits.endsWith("NaN") || digits.endsWith("y")
          ? new JsonPrimitive(digits)
          : new JsonPrimitive(new BigDecimal(digits).doubleValue());
    }
    return value;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[{'role': 'user', 'content': 'x'}",
        "[{'role': 'user', 'content': f'x'}]",
        "[{'role': 'user', 'content': 'x'}, ...]",
        "[{'role': 'user', 'content': 'x'} 'y']",
        "[{'role': 'user'}]",
        "[{'from': 'human', 'value': 'x'}]",
        "[{\"role\": \"user\", \"content\": }]",
        "array([{'role': 'user', 'content': 'x'}], dtype=object)",
        "[{'content': array(['x'], dtype=object), 'role': 'user'}]"
      })
  void whatOnlyBeginsAsMessagesIsNoText(String cell) {
    BadRow e =
        assertThrows(
            BadRow.class, () -> MessageText.unfolded("chosen", new JsonPrimitive(cell)), cell);
    assertTrue(e.reason().startsWith("chosen begins as a list of messages"), e.reason());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[{'a': 1}]",
        "[{\"name\": \"x\"}]",
        "{'role': 'user'}",
        "[1]",
        "text",
        "",
        "[",
        "[{"
      })
  void codeIsText(String text) throws Exception {
    JsonElement value = new JsonPrimitive(text);
    assertEquals(value, MessageText.unfolded("chosen", value));
  }

  @Test
  void whatIsNotReadHasNoBounds() throws Exception {
    String deep = "[".repeat(100_000) + "{\"a\":1}" + "]".repeat(100_000);
    JsonObject found =
        PythonJson.parse(
                "{\"x\":" + deep + ",\"y\":" + "9".repeat(100_000) + ",\"x\":1,\"k\":\"v\"}",
                "k"::equals)
            .getAsJsonObject();
    assertEquals("v", found.get("k").getAsString());
    assertThrows(BadRow.class, () -> PythonJson.parse("{\"k\":" + deep + "}", "k"::equals));
  }
}
