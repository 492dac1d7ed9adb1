package org.alignment4j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.alignment4j.core.BadDataException;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.testing.Shared;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SourceFileTests {
  private final Path folder;
  private final List<SourceFile.Skipped> skipped = new ArrayList<>();

  SourceFileTests(@TempDir Path folder) {
    this.folder = folder;
  }

  private Path file(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve(name);
    try (OutputStream plain = Files.newOutputStream(file);
        OutputStream out = name.endsWith(".gz") ? new GZIPOutputStream(plain) : plain) {
      out.write(bytes);
    }
    return file;
  }

  private Path file(String name, String text) throws IOException {
    return file(name, text.getBytes(StandardCharsets.UTF_8));
  }

  private List<SourceText> read(SourceFile file) {
    try (Stream<SourceText> texts = file.open(skipped::add)) {
      return texts.toList();
    }
  }

  private List<Long> skippedLines() {
    return skipped.stream().map(SourceFile.Skipped::line).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.json", "a.json.gz"})
  void anArrayCostsTheCorruptElementOnly(String name) throws IOException {
    String text =
        "\uFEFF [{\"text\":\"a\"},{\"text\":7}, {\"text\":\"b]\"},\n{\"id\":1,\"text\":\"c\"}]";
    Path file = file(name, text.getBytes(StandardCharsets.UTF_8));
    assertEquals(
        List.of("a:1 a", "a:3 b]", "1 c"),
        read(SourceFile.jsonl(file)).stream().map(s -> s.id() + " " + s.text()).toList());
    assertEquals(1, skipped.size());
    assertEquals("row 2: expected text as text, found a number", skipped.get(0).reason());
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.jsonl", "a.jsonl.gz"})
  void jsonLinesCostTheCorruptLineOnly(String name) throws IOException {
    byte[] text =
        ("\uFEFF{\"id\":7,\"text\":\"a\\nb\",\"category\":\"nsfw\",\"source\":\"s\",\"license\":\"MIT\"}"
                + "\r\n\n{\"text\":\"c\"}\n{\"text\":\"d\"\n[1]\n{\"text\":7}\n{\"text\":\" \"}\n"
                + "{\"text\":\"X\"}\n{\"text\":\"\0\"}\n{\"x\":1}\n{\"text\":\"e\",\"text\":\"f\"}\n"
                + "{\"id\":\"last\",\"text\":\"\u00e9\"}")
            .getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < text.length; i++) {
      text[i] = text[i] == 'X' ? (byte) 0xE9 : text[i];
    }
    Path file = file(name, text);
    assertEquals(
        List.of(
            new SourceText("7", "a\nb", "nsfw", "s", "MIT"),
            new SourceText("a:3", "c", "hate", "mine", "CC0-1.0"),
            new SourceText("last", "\u00e9", "hate", "mine", "CC0-1.0")),
        read(
            SourceFile.jsonl(file).withCategory("hate").withSource("mine").withLicence("CC0-1.0")));
    assertEquals(List.of(4L, 5L, 6L, 7L, 8L, 9L, 10L, 11L), skippedLines());
    assertTrue(skipped.stream().allMatch(bad -> bad.toString().startsWith(file + ", line ")));
    assertEquals("expected UTF-8, found byte 0xE9", skipped.get(4).reason());
  }

  @Test
  void csvKeepsQuotedLineBreaks() throws IOException {
    Path file =
        file(
            "a.csv.gz",
            "\uFEFFId,TEXT,licence,extra\r\n1,\"a,\r\n\"\"b\"\"\n\",MIT,\r\n\r\n,c d,,x\n3,\"\",,\n4,e,,y");
    assertEquals(
        List.of(
            new SourceText("1", "a,\r\n\"b\"\n", "", "", "MIT"),
            new SourceText("a:6", "c d", "", "", ""),
            new SourceText("4", "e", "", "", "")),
        read(SourceFile.csv(file)));
    assertEquals(List.of(7L), skippedLines());
  }

  @Test
  void csvCostsTheCorruptLineOnly() throws IOException {
    Path file =
        file(
            "a.csv",
            """
            id,text
            1,"never closed
            2,two
            3,"three"
            4,four,more
            5
            6,"six" x
            7,"se
            ven"
            8,"open
            9,nine
            """);
    assertEquals(
        List.of("2", "3", "7", "9"),
        read(SourceFile.csv(file)).stream().map(SourceText::id).toList());
    assertEquals(List.of(2L, 5L, 6L, 7L, 10L), skippedLines());
  }

  /** Where nothing is corrupt, records are those that Commons CSV reads. */
  @Test
  void csvIsReadAsCommonsCsvReadsIt() throws IOException {
    Path real = Shared.path("data", "hatecheck", "test_suite_cases.csv");
    List<List<String>> expected = new ArrayList<>();
    CSVFormat csv =
        CSVFormat.RFC4180
            .builder()
            .setHeader()
            .setSkipHeaderRecord(true)
            .setAllowMissingColumnNames(true)
            .get();
    try (CSVParser parser = csv.parse(new StringReader(Files.readString(real)))) {
      for (CSVRecord row : parser) {
        expected.add(row.toList());
      }
    }
    List<List<String>> found = new ArrayList<>();
    try (LineSource lines = new LineSource(real)) {
      CsvRecords records = new CsvRecords(lines, ',');
      records.next();
      for (var row = records.next(); row != null; row = records.next()) {
        found.add(row.fields());
      }
    }
    assertEquals(expected, found);
  }

  @Test
  void hateCheckTellsHateByItsLabel() throws IOException {
    Path file =
        file(
            "h.csv",
            """
            ,functionality,case_id,test_case,label_gold,target_ident,direction
            0,derog_h,1,I x women. ,hateful,women,general
            1,target_obj_nh,2,"I x, tea.",non-hateful,,
            2,target_obj_nh,3,text,odd,,
            """);
    assertEquals(
        List.of(
            new SourceText("1", "I x women. ", "hate", "hatecheck/derog_h/women", "CC-BY-4.0"),
            new SourceText("2", "I x, tea.", "benign", "hatecheck/target_obj_nh", "CC-BY-4.0")),
        read(SourceFile.hateCheck(file)));
    assertEquals(List.of(4L), skippedLines());
  }

  @Test
  void toxigenIsPromptsOrTheirStatements() throws IOException {
    Path file = file("neutral_x_1k.txt", "- one\\n- two - 2\\n-\n\n- three\\n-\n");
    assertEquals(
        List.of(
            new SourceText("neutral_x_1k:1", "- one\n- two - 2\n-", "benign", "toxigen", "MIT"),
            new SourceText("neutral_x_1k:3", "- three\n-", "benign", "toxigen", "MIT")),
        read(SourceFile.toxigen(file)));
    assertEquals(
        List.of(
            new SourceText("neutral_x_1k:1.1", "one", "benign", "toxigen", "MIT"),
            new SourceText("neutral_x_1k:1.2", "two - 2", "benign", "toxigen", "MIT"),
            new SourceText("neutral_x_1k:3.1", "three", "benign", "toxigen", "MIT")),
        read(SourceFile.toxigenStatements(file)));
  }

  @Test
  void theRealSetsAreReadWhole() {
    List<SourceText> cases =
        read(SourceFile.hateCheck(Shared.path("data", "hatecheck", "test_suite_cases.csv")));
    assertEquals(3728, cases.size());
    assertEquals(
        Map.of("hate", 2563L, "benign", 1165L),
        cases.stream().collect(Collectors.groupingBy(SourceText::category, Collectors.counting())));
    assertEquals(3728, cases.stream().map(SourceText::id).distinct().count());
    for (String name : List.of("hate_muslim", "hate_women", "neutral_muslim", "neutral_women")) {
      Path file = Shared.path("data", "toxigen", name + "_1k.txt");
      assertEquals(1000, read(SourceFile.toxigen(file)).size());
      assertTrue(read(SourceFile.toxigenStatements(file)).size() > 5000);
    }
    assertEquals(List.of(), skipped);
  }

  /** More than the heap would hold as a whole; written as it is read. */
  @Test
  void longLinesAreSetAsideAndMemoryIsBounded() throws IOException {
    Path file = folder.resolve("big.jsonl.gz");
    byte[] filler = new byte[1 << 20];
    Arrays.fill(filler, (byte) 'x');
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write("{\"text\":\"first\"}\n{\"text\":\"".getBytes(StandardCharsets.UTF_8));
      for (int i = 0; i < 300; i++) {
        out.write(filler);
      }
      out.write("\"}\n{\"text\":\"last\"}\n".getBytes(StandardCharsets.UTF_8));
    }
    try (Stream<SourceText> texts = SourceFile.jsonl(file).open(skipped::add)) {
      Iterator<SourceText> each = texts.iterator();
      assertEquals("first", each.next().text());
      assertEquals("last", each.next().text());
      assertTrue(!each.hasNext());
    }
    assertEquals(List.of(2L), skippedLines());
  }

  @Test
  void streamsAreLazy() throws IOException {
    StringBuilder lines = new StringBuilder("{\"text\":\"first\"}\n");
    lines.append("x\n".repeat(1000));
    try (Stream<SourceText> texts =
        SourceFile.jsonl(file("a.jsonl", lines.toString())).open(skipped::add)) {
      assertEquals("first", texts.iterator().next().text());
    }
    assertEquals(List.of(), skipped);
  }

  @Test
  void filesThatCannotBeReadAreNamed() throws IOException {
    Path zip = file("a.jsonl.gz", "{\"text\":\"" + "ab\"}\n{\"text\":\"".repeat(5000) + "\"}\n");
    byte[] whole = Files.readAllBytes(zip);
    Files.write(zip, Arrays.copyOf(whole, whole.length / 2));
    for (SourceFile bad :
        List.of(
            SourceFile.jsonl(zip),
            SourceFile.jsonl(folder.resolve("none")),
            SourceFile.csv(file("b.csv", "a,b\n1,2\n")),
            SourceFile.csv(file("c.csv", "")),
            SourceFile.csv(file("d.csv", "text,\"x\n")),
            SourceFile.hateCheck(file("e.csv", "id,text\n1,2\n")),
            SourceFile.jsonl(file("f.jsonl", new byte[] {(byte) 0xFF, (byte) 0xFE, 'a', 0})))) {
      String message =
          String.valueOf(assertThrows(BadDataException.class, () -> read(bad)).getMessage());
      assertTrue(message.contains(bad.file().toString()), message);
    }
    assertEquals(List.of(), read(SourceFile.jsonl(file("empty.jsonl", ""))));
  }
}
