package org.alignment4j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.Preferences.Contents;
import org.alignment4j.data.Preferences.FileInspection;
import org.alignment4j.data.Prompts.PromptRow;
import org.alignment4j.data.Prompts.PromptRow.Label;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Data files as other programs write them. */
class DataFormsTests {
  private static final String ROWS =
      "{\"prompt\":\"p\",\"chosen\":\"c\",\"rejected\":\"r\",\"x\":%s}\n"
          + "{\"prompt\":\"q\",\"chosen\":\"c\",\"rejected\":\"r\"}\n";

  /** Words of the programs that read for us, and advice for those who write such programs. */
  private static final Pattern FOREIGN =
      Pattern.compile(
          "setStrictness|Strictness|JsonReader|Gson|MalformedJson|EOFException|Exception\\b"
              + "|java\\.|javax\\.|org\\.|com\\.|snakeyaml|CSVParser|path \\$|github|parquet\\.",
          Pattern.CASE_INSENSITIVE);

  private final Path folder;

  DataFormsTests(@TempDir Path folder) {
    this.folder = folder;
  }

  private Path file(String name, String text) throws IOException {
    return Files.write(folder.resolve(name), text.getBytes(StandardCharsets.UTF_8));
  }

  private List<String> prompts(String name, String text) throws IOException {
    return Prompts.texts(Prompts.read(file(name, text)));
  }

  private static List<String> pairs(Path file) {
    Contents set = Preferences.read(file);
    assertEquals(List.of(), set.skipped());
    return set.pairs().stream()
        .map(p -> p.prompt().last().text() + "/" + p.chosen() + "/" + p.rejected())
        .toList();
  }

  private static String failure(Path file) {
    return String.valueOf(
        assertThrows(BadDataException.class, () -> Prompts.read(file)).getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "NaN",
        "Infinity",
        "-Infinity",
        "[NaN,{\"a\":-Infinity}]",
        "1e999",
        "123456789012345678901234567890123456789012345678901234567890",
        "\"\\ud83d\"",
        "\"\\u0000\"",
        "{\"prompt\":1,\"chosen\":[]}",
        "null,\"x\":NaN",
        "[[[[[[{}]]]]]]",
        "\"2024-99-99\""
      })
  void aColumnThatIsNotReadCostsNothing(String value) throws IOException {
    String rows = String.format(ROWS, value);
    List<String> expected = List.of("p/c/r", "q/c/r");
    assertEquals(expected, pairs(file("a.jsonl", rows)));
    assertEquals(expected, pairs(file("a.json", "[" + rows.strip().replace("\n", ",\n") + "]")));
    assertEquals(List.of("p", "q"), prompts("b.jsonl", rows));
    assertEquals(List.of("t"), sources(file("s.jsonl", "{\"text\":\"t\",\"x\":" + value + "}\n")));
  }

  private static List<String> sources(Path file) {
    List<SourceFile.Skipped> skipped = new ArrayList<>();
    try (var texts = SourceFile.jsonl(file).open(skipped::add)) {
      List<String> read = texts.map(text -> text.text()).toList();
      assertEquals(List.of(), skipped);
      return read;
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"chosen\":NaN | found chosen NaN and rejected text",
        "\"chosen\":Infinity | found chosen a number and rejected text",
        "\"chosen\":{\"0\":\"c\"} | found chosen an object",
        "\"chosen\":nan | not well-formed JSON: expected a value, found 'n' at character",
        "\"chosen\":\"c\",\"chosen\":\"d\" | key 'chosen' occurs twice",
      })
  void aValueThatIsReadIsNamed(String value, String reason) throws IOException {
    Contents set =
        Preferences.read(
            file(
                "a.jsonl",
                "{\"prompt\":\"p\",\"rejected\":\"r\","
                    + value
                    + "}\n"
                    + String.format(ROWS, "1")));
    assertEquals(2, set.pairs().size());
    assertEquals(1, set.skipped().get(0).row());
    assertTrue(set.skipped().get(0).reason().contains(reason), set.skipped().get(0).reason());
  }

  @Test
  void columnsThatMayBeMissingMayBeNull() throws IOException {
    String rows =
        """
        {"prompt":"a","id":null,"category":null,"label":null,"type":null}
        {"prompt":"b","id":"","category":"","label":"","type":""}
        {"prompt":"c","id":NaN,"category":NaN,"label":NaN}
        {"prompt":"d","id":"1","category":["x","y"],"label":1}
        {"prompt":"e","category":{"hate":true},"label":false}
        {"prompt":null,"instruction":"f","input":null}
        """;
    List<PromptRow> found = Prompts.read(file("a.jsonl", rows));
    assertEquals(List.of("a", "b", "c", "d", "e", "f"), Prompts.texts(found));
    assertEquals(
        List.of("0", "#1", "2", "1", "4", "5"), found.stream().map(PromptRow::id).toList());
    assertEquals("x, y", found.get(3).type());
    assertTrue(found.stream().allMatch(row -> row.label() == Label.UNKNOWN));
    assertEquals(
        List.of("p/c/r", "q/c/r"),
        pairs(
            file(
                "b.jsonl",
                """
                {"id":NaN,"prompt":null,"instruction":"p","chosen":"c","rejected":"r","label":null}
                {"id":null,"prompt":"q","chosen":"c","rejected":"r","lineage":null}
                """)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"prompt", "instruction", "question", "text", "goal", "query"})
  void anArrayIsAPromptFile(String key) throws IOException {
    String array = "[{\"KEY\":\"A\",\"category\":null},{\"KEY\":\"B\"}]".replace("KEY", key);
    String pretty = array.replace("{", "\n    {\n        ").replace(",\"c", ",\n  \"c") + "\n";
    for (String name : List.of("a.json", "a.jsonl", "a", "a.txt")) {
      assertEquals(List.of("A", "B"), prompts(name, array));
      assertEquals(List.of("A", "B"), prompts(name, pretty));
    }
    assertEquals(
        List.of("A", "B"),
        prompts("l.json", "{\"KEY\":\"A\"}\n{\"KEY\":\"B\"}\n".replace("KEY", key)));
  }

  @Test
  void anArrayMayHoldTextsAndConversations() throws IOException {
    assertEquals(List.of("A", "], \"B"), prompts("a.json", "[\"A\",\n \"], \\\"B\"]"));
    assertEquals(
        List.of("A", "B", "C", "D"),
        prompts(
            "b.json",
            """
            [{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "A"}]},
             {"messages": "[{'role': 'user', 'content': 'B'}]"},
             {"conversations": [{"from": "human", "value": "C"}, {"from": "gpt", "value": "x"}]},
             {"prompt": [{"role": "user", "content": "D"}]}]
            """));
    assertEquals(List.of("[INST] A [/INST]"), prompts("c.txt", "[INST] A [/INST]\n"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`{\"data\": [{\"prompt\": \"A\"}]}` | rows inside of data are not looked for",
        "`{\n \"data\": [\n {\"prompt\": \"A\"}]}` | line 1: not well-formed JSON: expected a key in"
            + " double quotes, found the end; an object has to end on its line",
        "`{\"prompt\": {\"0\": \"A\", \"1\": \"B\"}}` | these are columns of many rows",
        "`{\"prompt\": [\"A\", \"B\"]}` | these are columns of many rows",
        "`[{\"prompt\": \"A\"}, 3]` | row 2, line 1: expected a JSON object or text, found a number",
        "`[{\"prompt\": \"A\"},\n{\"prompt\": NaN}]` | row 2, line 2: prompt is not a string",
        "`[{\"prompt\": \"\\ud83d\"}]` | holds half of a surrogate pair",
        "`[{\"prompt\": \"A\"}` | does not end",
        "`[{\"prompt\": \"A\"}]\n[]` | line 2: expected nothing after the JSON array of 1 rows",
        "`{\"answer\": \"A\"}` | expected one of [prompt, instruction, question, text, goal,",
        "`{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\"}]}]}` | content is not a",
      })
  void whatIsNoPromptFileIsToldSo(String text, String reason) throws IOException {
    String failure = failure(file("a.json", text));
    assertTrue(failure.contains(reason), failure);
  }

  @ParameterizedTest
  @CsvSource({"a.tsv,T", "a.csv,T", "a.txt,T", "a,T", "a.csv,;", "a.txt,;", "a.csv,|", "a,|"})
  void tablesAreReadWhateverStandsBetweenFields(String name, String mark) throws IOException {
    String delimiter = mark.replace("T", "\t");
    String table = "id,prompt,category\r\n1,\"A, x; y|\tz\n\"\"q\"\"\",x\r\n2,B,\r\n";
    String other =
        table
            .replace("id,prompt,category", String.join(delimiter, "id", "prompt", "category"))
            .replace("1,\"", "1" + delimiter + "\"")
            .replace("\",x", "\"" + delimiter + "x")
            .replace("2,B,", String.join(delimiter, "2", "B", ""));
    List<String> expected = List.of("A, x; y|\tz\n\"q\"", "B");
    assertEquals(expected, prompts(name, other));
    assertEquals(expected, prompts(name, "\uFEFF" + other));
    if (name.endsWith(".csv")) {
      assertEquals(expected, prompts(name, "sep=" + delimiter + "\r\n" + other));
    }
    String pair = String.join(delimiter, "prompt", "chosen", "rejected") + "\n";
    assertEquals(
        List.of("p/c/r"), pairs(file(name, pair + String.join(delimiter, "p", "c", "r") + "\n")));
  }

  @Test
  void aTableWithoutAPromptIsRefusedWithWhatWouldDo() throws IOException {
    String failure = failure(file("a.tsv", "answer\tcategory\nA\tx\n"));
    assertTrue(failure.contains("expected one of the columns [prompt, instruction,"), failure);
    assertTrue(failure.contains("found [answer"), failure);
    assertEquals(
        List.of("Compare: tea; coffee", "B"), prompts("a.txt", "Compare: tea; coffee\nB\n"));
  }

  @Test
  void cellsOfPythonsListsAreMessages() throws IOException {
    String cell = "\"[{'content': 'Q1', 'role': 'user'}, {'content': '%s', 'role': 'assistant'}]\"";
    String csv =
        "prompt,chosen,rejected\nQ1,"
            + String.format(cell, "good")
            + ","
            + String.format(cell, "it\\'s \\n \\x41")
            + "\n";
    assertEquals(List.of("Q1/good/it's \n A"), pairs(file("a.csv", csv)));
    String broken = csv + csv.substring(csv.indexOf('\n') + 1).replaceFirst("\\}\\]", "");
    Contents set = Preferences.read(file("b.csv", broken));
    assertEquals(1, set.pairs().size());
    assertTrue(
        set.skipped().get(0).reason().startsWith("chosen begins as a list of messages"),
        set.skipped()::toString);
    assertEquals(
        List.of("Q/x/y"),
        pairs(
            file(
                "c.jsonl",
                "{\"prompt\":\"[{'role': 'user', 'content': 'Q'}]\","
                    + "\"chosen\":\"x\",\"rejected\":\"y\"}\n")));
  }

  @Test
  void rowsAndLinesAreCountedAsEditorsCount() throws IOException {
    String csv = "\uFEFFprompt,chosen,rejected\r\n\"a\r\nb\u2028\",c,r\r\n\r\np,c,c\r\np,c\r\n";
    List<SourceFile.Skipped> skipped = new ArrayList<>();
    try (var pairs = PreferenceFile.of(file("a.csv", csv)).pairs(skipped::add)) {
      assertEquals(1, pairs.count());
    }
    assertEquals(List.of(5L, 6L), skipped.stream().map(SourceFile.Skipped::line).toList());
    String array = "[\r\n{\"prompt\":\"a\u2028\"},\r\n\r\n  {\"prompt\":\r\n1}]";
    assertTrue(failure(file("a.json", array)).contains("row 2, line 4: "));
  }

  @Test
  void templateMarkersAreOneWarningAFile() throws IOException {
    String rows =
        """
        {"prompt":"plain"}
        {"prompt":"<|im_start|>user\\nA<|im_end|>"}
        {"prompt":"[INST] B [/INST]"}
        {"prompt":"### Instruction:\\nC"}
        {"prompt":"\\n\\nHuman: D\\n\\nAssistant:"}
        {"prompt":"<s>E"}
        {"prompt":"<start_of_turn>user\\nF"}
        {"prompt":"<|user|>\\nG"}
        {"prompt":"<s> and </s> strike text in HTML"}
        """;
    Path file = file("a.jsonl", rows);
    String log = logged(() -> Prompts.read(file));
    assertEquals(1, log.lines().count(), log);
    assertTrue(log.contains("8 of 9 prompts hold markers of a chat template"), log);
    assertTrue(log.contains("'<|im_start|>' at line 2"), log);
    assertEquals("", logged(() -> Prompts.read(file("b.txt", "a </s> b\nUSER: or ADMIN\n"))));
    Path pairs = file("c.jsonl", "{\"prompt\":\"p\",\"chosen\":\"c</s>\",\"rejected\":\"r\"}\n");
    assertTrue(logged(() -> Preferences.read(pairs)).contains("1 of 1 pairs"));
  }

  private interface Work {
    void run() throws IOException;
  }

  private static String logged(Work work) throws IOException {
    PrintStream before = System.err;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream capture = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      System.setErr(capture);
      work.run();
    } finally {
      System.setErr(before);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /** Whatever is wrong with a file: what is said is for those who have it, and names it. */
  @Test
  void messagesAreOurOwn() throws IOException {
    String row = String.format(ROWS, "[NaN, {\"a\": \"b\"}]");
    List<Path> whole =
        List.of(
            file("a.jsonl", row),
            file("a.json", "[" + row.strip().replace("\n", ",\n") + "]"),
            file("a.csv", "prompt,chosen,rejected\np,\"c, \"\"x\"\"\",r\nq,c,r\n"),
            file("a.tsv", "prompt\tchosen\trejected\np\tc\tr\n"),
            file("a.txt", "p\nq\n"),
            parquet());
    Random random = new Random(16);
    for (Path file : whole) {
      byte[] bytes = Files.readAllBytes(file);
      Path damaged = folder.resolve("damaged-" + file.getFileName());
      for (int i = 0; i < 60; i++) {
        byte[] copy = bytes.clone();
        for (int k = random.nextInt(3); k >= 0; k--) {
          copy[random.nextInt(copy.length)] = (byte) random.nextInt(256);
        }
        int length = random.nextBoolean() ? copy.length : random.nextInt(copy.length);
        Files.write(damaged, java.util.Arrays.copyOf(copy, length));
        messages(damaged).forEach(message -> requireOwn(message));
      }
    }
    messages(folder.resolve("absent")).forEach(message -> requireOwn(message));
    messages(folder).forEach(message -> requireOwn(message));
  }

  private Path parquet() throws IOException {
    Path file = folder.resolve("a.parquet");
    ParquetFiles.write(
        file,
        "message m { required binary prompt (STRING); optional binary chosen (STRING);"
            + " optional binary rejected (STRING); }",
        ParquetFiles.row("prompt", "p", "chosen", "c", "rejected", "r"));
    return file;
  }

  private List<String> messages(Path file) {
    List<String> messages = new ArrayList<>();
    for (Runnable work :
        List.<Runnable>of(
            () -> Prompts.read(file),
            () ->
                Preferences.read(file).skipped().forEach(skipped -> messages.add(skipped.reason())),
            () -> {
              try (Stream<?> rows =
                  SourceFile.csv(file).open(skipped -> messages.add(skipped.reason()))) {
                rows.forEach(r -> {});
              }
            },
            () -> FileInspection.of(file).refusals().forEach(r -> messages.add(r.reason())))) {
      try {
        work.run();
      } catch (AlignmentException e) {
        String message = String.valueOf(e.getMessage());
        assertTrue(message.contains(file.getFileName().toString()), message);
        messages.add(message.replace(folder.toString(), ""));
      }
    }
    return messages;
  }

  private static void requireOwn(String message) {
    assertTrue(!FOREIGN.matcher(message).find(), message);
  }
}
