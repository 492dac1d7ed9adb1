package org.alignment4j.internal.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import org.alignment4j.core.BadDataException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReasonsTests {
  private static final Gson STRICT = new GsonBuilder().setStrictness(Strictness.STRICT).create();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"a\": NaN} | it is not valid JSON at line 1, column 7",
        "{\"a\": [1, | it ends too early at line 1, column 10",
        "{a: 1} | it is not valid JSON at line 1, column 3",
        "[1] | expected a list, found a number at line 1, column 3",
      })
  void whatGsonTellsProgrammersIsToldToReaders(String json, String expected) {
    JsonParseException e =
        assertThrows(
            JsonParseException.class,
            () -> STRICT.fromJson(json, json.startsWith("[") ? int[][].class : JsonObject.class));
    assertEquals(expected, Reasons.of(e));
    JsonParseException lenient =
        assertThrows(JsonParseException.class, () -> JsonParser.parseString("{\"a\": \"b"));
    assertEquals("Unterminated string at line 1, column 9", Reasons.of(lenient));
  }

  @Test
  void filesErrorsAreSentences() {
    assertEquals("no such file or folder", Reasons.of(new NoSuchFileException("/x")));
    assertEquals(
        "no such file or folder",
        Reasons.of(new UncheckedIOException(new NoSuchFileException("/x"))));
    assertEquals("it ends too early", Reasons.of(new EOFException()));
    assertEquals("an error without a reason", Reasons.of(new IOException()));
    assertEquals("Is a directory", Reasons.of(new IOException("Is a directory")));
  }

  @Test
  void classesAndAdviceOfOthersAreLeftOut() {
    assertEquals(
        "is not a table. expected 4 bytes, found 3",
        Reasons.of(
            new RuntimeException(
                "org.lib.io.LocalFile@4a55a6e8 is not a table. Expected 4 bytes but was 3")));
    assertEquals(
        "File is no database (it is text)",
        Reasons.of(new RuntimeException("[SQLITE_NOTADB] File is no database (it is text)")));
    assertEquals(
        "odd value;",
        Reasons.of(new IllegalStateException("odd value; Use Reader.setLenient() to accept it")));
    assertEquals("it is damaged", Reasons.of(new RuntimeException("x is null in a.b.C.get()")));
    assertEquals("it is damaged", Reasons.of(new ClassCastException("class java.lang.String")));
    assertEquals("a: Use it", Reasons.of(new BadDataException("a: Use it")));
  }
}
