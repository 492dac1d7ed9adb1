package org.alignment4j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterProperty;
import org.alignment4j.data.Prompts.Format;
import org.alignment4j.data.Prompts.PromptRow;
import org.alignment4j.data.Prompts.PromptRow.Label;

class PromptRoundTripTests {
  private final Path folder = createFolder();

  private static Path createFolder() {
    try {
      return Files.createTempDirectory("prompts");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @AfterProperty
  void deleteFolder() throws IOException {
    for (String name : List.of("a.jsonl", "a.jsonl.gz", "a.txt", "a.csv")) {
      Files.deleteIfExists(folder.resolve(name));
    }
    Files.deleteIfExists(folder);
  }

  private static Arbitrary<String> text() {
    return Arbitraries.oneOf(
        Arbitraries.strings().ofMaxLength(30),
        Arbitraries.strings().withChars("\"',\n\r\t\\{}é\u2028\uD83D\uDE00# ").ofMaxLength(12));
  }

  @Provide
  Arbitrary<List<PromptRow>> rows() {
    Arbitrary<String> words = text().map(PromptRoundTripTests::writable);
    return Combinators.combine(words.filter(s -> !s.isBlank()), words, Arbitraries.of(Label.class))
        .as((prompt, type, label) -> new PromptRow("x", prompt, type, label))
        .list()
        .ofMinSize(1)
        .ofMaxSize(8)
        .map(PromptRoundTripTests::numbered);
  }

  /** Without what UTF-8 text files cannot hold: lone surrogates and zero characters. */
  private static String writable(String s) {
    return new String(s.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8).replace("\0", "");
  }

  private static List<PromptRow> numbered(List<PromptRow> rows) {
    List<PromptRow> numbered = new ArrayList<>();
    for (PromptRow row : rows) {
      String id = Integer.toString(numbered.size());
      numbered.add(new PromptRow(id, row.prompt(), row.type(), row.label()));
    }
    return numbered;
  }

  @Property(tries = 200)
  void jsonLinesComeBackAsWritten(@ForAll("rows") List<PromptRow> rows) {
    for (String name : List.of("a.jsonl", "a.jsonl.gz")) {
      Prompts.writeJsonl(folder.resolve(name), rows);
      assertEquals(rows, Prompts.read(folder.resolve(name)));
    }
  }

  @Property(tries = 200)
  void textComesBackAsWritten(@ForAll("rows") List<PromptRow> rows) {
    List<PromptRow> lines =
        numbered(
            rows.stream()
                .map(row -> PromptRow.of("x", "p" + row.prompt().replaceAll("[\n\r]", " ")))
                .toList());
    Prompts.writeText(folder.resolve("a.txt"), lines);
    assertEquals(lines, Prompts.read(folder.resolve("a.txt")));
  }

  @Property(tries = 200)
  void csvComesBackAsAnotherWriterWroteIt(@ForAll("rows") List<PromptRow> rows) throws IOException {
    Path file = folder.resolve("a.csv");
    StringBuilder csv = new StringBuilder("id,prompt,type,label\r\n");
    for (PromptRow row : rows) {
      csv.append(
          Stream.of(row.id(), row.prompt(), row.type(), row.label().name())
              .map(field -> '"' + field.replace("\"", "\"\"") + '"')
              .collect(Collectors.joining(",", "", "\r\n")));
    }
    Files.writeString(file, csv);
    assertEquals(rows, Prompts.read(file, Format.XSTEST));
  }
}
