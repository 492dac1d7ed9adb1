package org.alignment4j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;
import org.alignment4j.core.BadDataException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Elements of an array are found whatever they hold and wherever the buffer ends. */
class JsonArrayRowsTests {
  private static final String[] PARTS = {
    "\"",
    "\\",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\n",
    "\t",
    "\u00e9",
    "\u20ac",
    "\ud83d\ude00",
    "a",
    " ",
    ":"
  };
  private static final String[] SPACE = {"", " ", "\n", "\r\n\t ", "   "};

  @TempDir Path folder;

  /** A file of a property, which gets no {@link #folder}. */
  private Path file = Path.of("");

  @BeforeProperty
  void create() throws IOException {
    file = Files.createTempFile("array", ".json");
  }

  @AfterProperty
  void delete() throws IOException {
    Files.delete(file);
  }

  private static String text(Random random, int length) {
    StringBuilder text = new StringBuilder();
    while (text.length() < length) {
      text.append(PARTS[random.nextInt(PARTS.length)]);
    }
    return text.toString();
  }

  private static String space(Random random) {
    return SPACE[random.nextInt(SPACE.length)];
  }

  private static JsonObject object(String json) {
    return new Gson().fromJson(json, JsonObject.class);
  }

  private static List<RowSource.Row> rows(Path file) {
    List<RowSource.Row> rows = new ArrayList<>();
    try (JsonArrayRows source = new JsonArrayRows(file, JsonArrayRowsTests::object)) {
      for (RowSource.Row row = source.next(); row != null; row = source.next()) {
        rows.add(row);
      }
      assertNull(source.next());
    }
    return rows;
  }

  private static byte[] packed(byte[] bytes) throws IOException {
    ByteArrayOutputStream to = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(to)) {
      zip.write(bytes);
    }
    return to.toByteArray();
  }

  @Property(tries = 60)
  void everyElementIsReadAsItWasWritten(
      @ForAll long seed, @ForAll @IntRange(max = 12) int n, @ForAll boolean gzip)
      throws IOException {
    Random random = new Random(seed);
    List<JsonObject> wanted = new ArrayList<>();
    StringBuilder text = new StringBuilder(space(random) + "[");
    List<Long> lines = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      JsonObject o = new JsonObject();
      // Of all lengths around the buffer's.
      o.addProperty("text", text(random, random.nextInt(random.nextInt(4) == 0 ? 70_000 : 30)));
      o.add("more", new Gson().toJsonTree(List.of(text(random, 5), i, List.of(i))));
      wanted.add(o);
      text.append(space(random));
      lines.add(1 + text.chars().filter(c -> c == '\n').count());
      text.append(new Gson().toJson(o)).append(space(random)).append(i == n - 1 ? "" : ",");
    }
    text.append(space(random)).append("]").append(space(random));
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    Files.write(file, gzip ? packed(bytes) : bytes);
    List<RowSource.Row> found = rows(file);
    assertEquals(wanted, found.stream().map(RowSource.Row::content).toList());
    assertEquals(lines, found.stream().map(RowSource.Row::line).toList());
    assertEquals(']', LineSource.last(file));
  }

  @Test
  void anElementMayHaveAllTheBytesAllowedAndNoMore() throws IOException {
    Path path = folder.resolve("a.json");
    for (Tuple.Tuple2<Integer, Boolean> each : List.of(Tuple.of(0, true), Tuple.of(1, false))) {
      String text = "x".repeat(LineSource.MAX_LINE - "{\"t\":\"\"}".length() + each.get1());
      Files.writeString(path, "[{\"t\":\"" + text + "\"}]");
      RowSource.Row row = rows(path).get(0);
      assertEquals(each.get2(), row.flaw() == null, "with " + each.get1() + " more");
    }
  }

  @Test
  void whatBreaksOffSaysWhere() throws IOException {
    Path path = folder.resolve("a.json.gz");
    byte[] whole =
        packed(("[" + "{\"t\":1},\n".repeat(99_999) + "{}]").getBytes(StandardCharsets.UTF_8));
    Files.write(path, Arrays.copyOf(whole, whole.length / 2));
    String reason =
        String.valueOf(assertThrows(BadDataException.class, () -> rows(path)).getMessage());
    assertTrue(reason.contains("a.json.gz after row "), reason);
    Files.writeString(path, "[{}, ");
    assertNotNull(assertThrows(BadDataException.class, () -> rows(path)).getMessage());
  }
}
