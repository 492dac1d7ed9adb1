package org.alignment4j.internal.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.InputFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StrictJsonTests {
  @Test
  void numbersStayAsTheyAreWritten() {
    String text = "{\"a\":[1.0,1e400,-0,12345678901234567890,true,null,\"\\u00e9\"],\"b\":{}}";
    assertEquals(text.replace("\\u00e9", "\u00e9"), StrictJson.value(text).toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "{'a':1}",
        "{a:1}",
        "{\"a\":1,}",
        "[1,]",
        "[1 2]",
        "NaN",
        "[Infinity]",
        "01",
        "1.",
        "+1",
        "TRUE",
        "// c\n1",
        "#",
        "1 2",
        "{} {}",
        "{\"a\":1,\"a\":1}",
        "[{\"a\":{\"b\":1,\"b\":2}}]",
        "\"\t\"",
        "\"\\'\"",
        "\"\\x41\"",
        "{\"a\"=1}",
        "{\"a\":1;\"b\":2}",
        "nul",
        "\"a"
      })
  void whatIsNoJsonIsRefused(String text) {
    assertThrows(JsonParseException.class, () -> StrictJson.value(text));
  }

  @Test
  void depthAndNumbersAreBounded() {
    String deep = "[".repeat(StrictJson.MAX_DEPTH) + "]".repeat(StrictJson.MAX_DEPTH);
    assertEquals(deep, StrictJson.value(deep).toString());
    assertThrows(JsonParseException.class, () -> StrictJson.value("[" + deep + "]"));
    assertThrows(JsonParseException.class, () -> StrictJson.value("[".repeat(1_000_000)));
    String digits = "1".repeat(StrictJson.MAX_NUMBER);
    assertEquals(digits, StrictJson.value(digits).toString());
    assertThrows(JsonParseException.class, () -> StrictJson.value(digits + "1"));
  }

  @Property(tries = 200)
  void textsComeBack(@ForAll String text) {
    JsonObject o = new JsonObject();
    o.addProperty(text, text);
    assertEquals(o, StrictJson.object(o.toString()));
  }

  @Test
  void errorsNameFileAndPosition(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("settings.json");
    for (String[] bad :
        new String[][] {
          {"{\n \"a\": 1,\n \"a\": 2}", "key 'a' occurs twice at line 3, column 5"},
          {"{\n \"a\": NaN}", "it is not valid JSON at line 2, column 7"},
          {"{\n \"a\": 1", "it ends too early at line 2"},
          {"[1]", "expected one JSON object, found a list"},
          {"3", "expected one JSON object, found a number"},
        }) {
      Files.writeString(file, bad[0]);
      String data =
          assertThrows(BadDataException.class, () -> InputFile.data(file).json(InputFile.SETTINGS))
              .getMessage();
      assertEquals(
          data,
          assertThrows(
                  CheckpointException.class,
                  () -> InputFile.checkpoint(file).json(InputFile.SETTINGS))
              .getMessage());
      assertTrue(data.startsWith("cannot read " + file + ": " + bad[1]), data);
    }
  }
}
