package org.alignment4j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.Prompts.Format;
import org.alignment4j.data.Prompts.PromptRow;
import org.alignment4j.data.Prompts.PromptRow.Label;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PromptsTests {
  private final Path folder;

  PromptsTests(@TempDir Path folder) {
    this.folder = folder;
  }

  private Path file(String name, String text) throws IOException {
    return Files.write(folder.resolve(name), text.getBytes(StandardCharsets.UTF_8));
  }

  private String failure(Path file) {
    return String.valueOf(
        assertThrows(BadDataException.class, () -> Prompts.read(file)).getMessage());
  }

  private static PromptRow row(String id, String prompt, String type, Label label) {
    return new PromptRow(id, prompt, type, label);
  }

  @Test
  void xsTestKeepsIdTypeAndLabel() throws IOException {
    Path file =
        file(
            "x.csv",
            """
            id,prompt,type,label,focus,note
            1,"How, then?",homonyms,safe,kill,
            26,Why?,contrast_homonyms,unsafe,,
            """);
    assertEquals(
        List.of(
            row("1", "How, then?", "homonyms", Label.SAFE),
            row("26", "Why?", "contrast_homonyms", Label.UNSAFE)),
        Prompts.read(file));
  }

  @Test
  void xsTestWithoutLabelsTellsThemFromTheTypes() throws IOException {
    Path file = file("x.csv", "id,type,prompt\nv2-1,homonyms,a\nv2-2,contrast_homonyms,b\n");
    assertEquals(
        List.of(Label.SAFE, Label.UNSAFE),
        Prompts.read(file).stream().map(PromptRow::label).toList());
  }

  @Test
  void otherSetsAreToldByTheirColumns() throws IOException {
    assertEquals(
        List.of(row("0", "g", "", Label.UNSAFE)),
        Prompts.read(file("a.csv", "goal,target\r\ng,\"Sure,\"\r\n")));
    assertEquals(
        List.of(row("0", "g", "Fraud", Label.UNKNOWN)),
        Prompts.read(
            file("j.csv", ",Goal,Target,Behavior,Category,Source\n0,g,t,b,Fraud,Original\n")));
    assertEquals(
        List.of(row("0", "p", "c", Label.UNSAFE)),
        Prompts.read(file("s.csv", "category,source,forbidden_prompt\nc,s,p\n")));
    assertEquals(
        List.of(row("0", "p", "c", Label.UNKNOWN)),
        Prompts.read(file("o.csv", "prompt,category\np,c\n")));
    assertEquals(
        List.of(row("0", "p", "c", Label.UNKNOWN)),
        Prompts.read(file("no-extension", "prompt,category\np,c\n")));
  }

  @Test
  void quotedFieldsMayHoldLineBreaksQuotesAndCommas() throws IOException {
    Path file = file("a.csv", "\uFEFFgoal,target\n\"one,\ntwo \"\"x\"\"\n\",t\n\nthree,t\n");
    assertEquals(List.of("one,\ntwo \"x\"\n", "three"), Prompts.texts(Prompts.read(file)));
  }

  @Test
  void textIsOnePromptALine() throws IOException {
    Path file = file("p.txt", "\uFEFF  first\r\n\r\n{second}\nthird");
    assertEquals(
        List.of(
            PromptRow.of("0", "  first"),
            PromptRow.of("1", "{second}"),
            PromptRow.of("2", "third")),
        Prompts.read(file));
    assertEquals(3, Prompts.read(file("plain", "a b, c\nd\ne\n")).size());
  }

  @Test
  void jsonLinesKnowTheUsualKeys() throws IOException {
    Path file =
        file(
            "p.jsonl",
            """
            {"prompt":"a\\nb","id":7,"category":"c","label":"harmful"}

            {"instruction":"sum up","input":"text","output":"x"}
            {"instruction":"sum up","input":"","label":null}
            {"question":"q"}
            {"text":"t"}
            {"messages":[{"role":"system","content":"s"},{"role":"user","content":"u"}]}
            """);
    assertEquals(
        List.of(
            row("7", "a\nb", "c", Label.UNSAFE),
            PromptRow.of("1", "sum up\n\ntext"),
            PromptRow.of("2", "sum up"),
            PromptRow.of("3", "q"),
            PromptRow.of("4", "t"),
            PromptRow.of("5", "u")),
        Prompts.read(file));
    assertEquals(1, Prompts.read(file("data", "{\"text\":\"t\"}\n")).size());
  }

  @Test
  void gzipIsReadWhateverItsName() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write("{\"prompt\":\"p\"}\n".getBytes(StandardCharsets.UTF_8));
    }
    for (String name : List.of("p.jsonl.gz", "p.jsonl", "p")) {
      Path file = Files.write(folder.resolve(name), bytes.toByteArray());
      assertEquals(List.of("p"), Prompts.texts(Prompts.read(file)), name);
    }
    byte[] cut = java.util.Arrays.copyOf(bytes.toByteArray(), bytes.size() - 6);
    assertTrue(failure(Files.write(folder.resolve("cut.gz"), cut)).contains("cut.gz"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "a.csv   | `` | empty",
        "a.jsonl | ` \n` | empty",
        "a.txt   | `\n` | empty",
        "a.csv   | `goal,target\n` | only a header",
        "a.csv   | `x,y\n1,2\n` | ADVBENCH [goal, target]",
        "a.csv   | `goal,target\na,b\nc\n` | row 2",
        "a.csv   | `goal,target\na,b\n\"c\n` | not well-formed CSV",
        "a.csv   | `goal,target\n\"a\" x,b\n` | not well-formed CSV",
        "a.csv   | `goal,target\na,b\n ,b\n` | row 2: column goal is blank",
        "a.csv   | `id,prompt,type,label\n1,p,t,sure\n` | found 'sure'",
        "a.csv   | `id,prompt,type\n1,p,t\n1,q,t\n` | id 1 appears twice",
        "a.jsonl | `{\"prompt\":\"a\"}\n{\"prompt\":\n` | line 2: not well-formed JSON",
        "a.jsonl | `{\"prompt\":\"a\"} x\n` | line 1: not well-formed JSON",
        "a.jsonl | `[1]\n` | line 1: expected a JSON object",
        "a.jsonl | `{\"p\":1}\n` | found [p]",
        "a.jsonl | `{\"prompt\":1}\n` | prompt is not a string",
        "a.jsonl | `{\"prompt\":\" \"}\n` | the prompt is blank",
        "a.jsonl | `{\"prompt\":\"a\",\"id\":{}}\n` | id is neither",
        "a.jsonl | `{\"messages\":[{\"role\":\"system\",\"content\":\"s\"}]}\n` | none with role user",
        "a.jsonl | `{\"messages\":[3]}\n` | a message is not an object"
      })
  void badFilesAreNamedWithTheirRow(String name, String text, String message) throws IOException {
    String failure = failure(file(name, text));
    assertTrue(failure.contains(name) && failure.contains(message), failure);
  }

  @Test
  void zeroBytesAreNoText() throws IOException {
    assertTrue(failure(file("a.txt", "a\nb\0c")).contains("line 2: expected text"));
  }

  @Test
  void anotherEncodingIsAnError() throws IOException {
    byte[] latin = "ok\ncaf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1);
    String failure = failure(Files.write(folder.resolve("latin.txt"), latin));
    assertTrue(failure.contains("line 2: expected UTF-8, found byte 0xE9 at offset 6"), failure);
    byte[] wide = "\uFEFFab".getBytes(Charset.forName("UTF-16LE"));
    assertTrue(failure(Files.write(folder.resolve("wide.txt"), wide)).contains("UTF-16"));
    assertTrue(failure(folder.resolve("absent.txt")).contains("absent.txt"));
    assertTrue(failure(folder).contains(folder.toString()));
  }

  @ParameterizedTest
  @ValueSource(ints = {1_000, 200_000})
  void deepJsonIsAnErrorNotACrash(int depth) throws IOException {
    assertTrue(failure(file("deep.jsonl", "[".repeat(depth) + "\n")).contains("line 1"));
  }

  @Test
  void anExplicitFormatOverridesTheName() throws IOException {
    Path file = file("a.txt", "goal,target\ng,t\n");
    assertEquals(List.of("goal,target", "g,t"), Prompts.texts(Prompts.read(file)));
    assertEquals(List.of("g"), Prompts.texts(Prompts.read(file, Format.ADVBENCH)));
    String failure =
        String.valueOf(
            assertThrows(BadDataException.class, () -> Prompts.read(file, Format.XSTEST))
                .getMessage());
    assertTrue(
        failure.contains("[id, prompt, type]") && failure.contains("[goal, target]"), failure);
  }

  @Test
  void textCannotHoldALineBreak() throws IOException {
    Path file = folder.resolve("out.txt");
    for (String prompt : List.of("a\nb", "a\rb", "a\n", "a\r")) {
      assertThrows(
          IllegalArgumentException.class,
          () -> Prompts.writeText(file, List.of(PromptRow.of("1", prompt))));
    }
    assertFalse(Files.exists(file));
  }

  @Test
  void writersReplaceWholeFilesAndLeaveNothingElse() throws IOException {
    Path file = folder.resolve("out.jsonl.gz");
    Prompts.writeJsonl(file, List.of(PromptRow.of("1", "a")));
    Prompts.writeJsonl(file, List.of(PromptRow.of("1", "b")));
    assertEquals(List.of("b"), Prompts.texts(Prompts.read(file)));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
    Path nowhere = folder.resolve("absent").resolve("x.jsonl");
    assertThrows(
        BadDataException.class, () -> Prompts.writeJsonl(nowhere, List.of(PromptRow.of("1", "b"))));
  }

  @Test
  void jsonLinesHaveTheAgreedKeysInOrder() throws IOException {
    Path file = folder.resolve("out.jsonl");
    Prompts.writeJsonl(file, List.of(row("1", "<a>\n", "t", Label.SAFE)));
    assertEquals(
        "{\"id\":\"1\",\"prompt\":\"<a>\\n\",\"type\":\"t\",\"label\":\"safe\"}\n",
        Files.readString(file));
  }
}
