package org.alignment4j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.PreferenceFile.Counts;
import org.alignment4j.data.PreferenceFile.Example;
import org.alignment4j.data.PreferenceWriter.Layout;
import org.alignment4j.data.Preferences.Contents;
import org.alignment4j.synthesis.SynthesizedPair;
import org.alignment4j.testing.Shared;
import org.alignment4j.tune.PreferencePair;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PreferenceFileTests {
  private static final String GOOD = "{\"prompt\":\"p\",\"chosen\":\"c\",\"rejected\":\"r\"}";
  private static final String LINEAGE =
      "{\"source\":\"x\",\"licence\":\"\",\"category\":\"\",\"inducer\":\"\",\"seed\":7,"
          + "\"judge_scores\":{},\"models\":{},\"prompt_tokens\":0,\"completion_tokens\":0,"
          + "\"cost\":0,\"currency\":\"\",\"prompt_hash\":\"\"}";

  private final Path folder;
  private final List<SourceFile.Skipped> skipped = new ArrayList<>();

  PreferenceFileTests(@TempDir Path folder) {
    this.folder = folder;
  }

  private Path file(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    try (OutputStream plain = Files.newOutputStream(file);
        OutputStream out = name.endsWith(".gz") ? new GZIPOutputStream(plain) : plain) {
      out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    }
    return file;
  }

  private List<PreferencePair> pairs(Path file) {
    try (Stream<PreferencePair> pairs = PreferenceFile.of(file).pairs(skipped::add)) {
      return pairs.toList();
    }
  }

  private List<Example> examples(Path file) {
    try (Stream<Example> examples = PreferenceFile.of(file).examples(skipped::add)) {
      return examples.toList();
    }
  }

  private String failure(Path file) {
    String message =
        String.valueOf(assertThrows(BadDataException.class, () -> pairs(file)).getMessage());
    assertTrue(message.contains(file.toString()), message);
    return message;
  }

  private static PreferencePair pair(String id, String prompt) {
    return new PreferencePair(id, Prompt.user(prompt), "c", "r");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.jsonl", "a.jsonl.gz", "anything"})
  void jsonLinesCostTheCorruptLineOnly(String name) throws IOException {
    Path file =
        file(
            name,
            "{\"prompt\":\n"
                + GOOD
                + "\n\n\u00e9"
                + GOOD
                + "\n"
                + GOOD.replace("p\"", "q\"")
                + "\n[]");
    assertEquals(List.of(pair("2", "p"), pair("5", "q")), pairs(file));
    assertEquals(List.of(1L, 4L, 6L), skipped.stream().map(SourceFile.Skipped::line).toList());
    assertEquals(file + ", line 4: expected UTF-8, found byte 0xE9", skipped.get(1).toString());
    assertEquals(new Counts(2, 0, 3), PreferenceFile.of(file).counts());
    assertEquals(Preferences.read(file).pairs(), pairs(file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.csv", "a.csv.gz", "anything"})
  void csvCostsTheCorruptLineOnly(String name) throws IOException {
    Path file =
        file(
            name,
            "Prompt,Chosen,Rejected\r\n\"p\nq\",c,r\r\n\"\u00e9\",c,r\n\"open,c,r\np,c\n\"p\" x,c,r\n"
                + "p,c,r");
    assertEquals(List.of(pair("1", "p\nq"), pair("6", "p")), pairs(file));
    assertEquals(List.of(4L, 5L, 6L, 7L), skipped.stream().map(SourceFile.Skipped::line).toList());
    assertEquals(Preferences.read(file).pairs(), pairs(file));
    assertEquals(
        List.of(2, 3, 4, 5),
        Preferences.read(file).skipped().stream().map(Contents.Skipped::row).toList());
  }

  @Test
  void parquetCostsTheCorruptRowOnly() throws IOException {
    Path file = folder.resolve("a.parquet");
    byte[] latin = "\u00e9".getBytes(StandardCharsets.ISO_8859_1);
    ParquetFiles.write(
        file,
        "message m { required binary prompt (STRING); optional binary chosen (STRING);"
            + " optional binary rejected (STRING); }",
        ParquetFiles.row("prompt", "p", "chosen", "c", "rejected", "r"),
        ParquetFiles.row("prompt", latin, "chosen", "c", "rejected", "r"),
        ParquetFiles.row("prompt", "p", "chosen", "c"),
        ParquetFiles.row("prompt", "q", "chosen", "c", "rejected", "r"));
    assertEquals(List.of(pair("1", "p"), pair("4", "q")), pairs(file));
    assertEquals(
        file + ", row 2: expected UTF-8 in prompt, found other bytes", skipped.get(0).toString());
    assertTrue(skipped.get(1).toString().contains(", row 3: rejected is empty"));
    assertEquals(Preferences.read(file).pairs(), pairs(file));
    assertEquals(new Counts(2, 1, 1), PreferenceFile.of(file).counts());
  }

  @Test
  void releasedSaferInstructHasRowsForFineTuningOnly() throws IOException {
    Path file =
        file(
            "hate_speech.csv",
            "instruction,rejected,chosen,label\n"
                + "i1,r1,\"c\n1\",hate\n"
                + "i2,,c2,illegal\n"
                + "i3,\" \n\",c3,illegal\n"
                + "i4,,,illegal\n"
                + ",r5,c5,hate\n"
                + "i6,c6,c6,hate\n");
    assertEquals(List.of(new PreferencePair("1", Prompt.user("i1"), "c\n1", "r1")), pairs(file));
    assertEquals(5, skipped.size());
    assertTrue(
        skipped
            .get(0)
            .reason()
            .equals(
                "rejected is empty: prompt and chosen serve supervised fine-tuning, not preferences"
                    + " (DPO)"),
        skipped.toString());
    assertEquals("chosen is empty", skipped.get(2).reason());
    skipped.clear();
    assertEquals(
        List.of(
            new Example("1", Prompt.user("i1"), "c\n1", "hate"),
            new Example("2", Prompt.user("i2"), "c2", "illegal"),
            new Example("3", Prompt.user("i3"), "c3", "illegal"),
            new Example("6", Prompt.user("i6"), "c6", "hate")),
        examples(file));
    assertEquals(2, skipped.size());
    assertEquals(
        Map.of("hate", new Counts(1, 1, 1), "illegal", new Counts(0, 2, 1)),
        PreferenceFile.of(file).countsByLabel());
    assertEquals(1, Preferences.read(file).pairs().size());
    assertEquals(
        Prompt.of(Message.user("i2"), Message.assistant("c2")),
        examples(file).get(1).conversation());
  }

  @Test
  void examplesComeFromEveryForm() throws IOException {
    Path file =
        file(
            "a.jsonl",
            "{\"chosen\":\"\\n\\nHuman: a\\n\\nAssistant: b\",\"rejected\":\"x\"}\n"
                + "{\"chosen\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
                + "\"content\":\"b\"}],\"rejected\":null}\n"
                + "{\"prompt\":[{\"role\":\"user\",\"content\":\"a\"}],\"chosen\":\"b\","
                + "\"label\":3}\n{\"chosen\":7}\n{\"rejected\":\"r\"}\n");
    assertEquals(List.of("", "", "3"), examples(file).stream().map(Example::label).toList());
    for (Example each : examples(file)) {
      assertEquals(Prompt.user("a"), each.prompt());
      assertEquals("b", each.response());
      assertFalse(each.toString().contains("b,"), each.toString());
    }
    assertEquals(new Counts(0, 3, 2), PreferenceFile.of(file).counts());
  }

  @Test
  void lineagesThatAreMissingOrWrongAreReasons() throws IOException {
    String begin = GOOD.substring(0, GOOD.length() - 1);
    Path file =
        file(
            "a.jsonl",
            begin
                + ",\"lineage\":"
                + LINEAGE
                + "}\n"
                + begin
                + ",\"label\":\"l\",\"lineage\":\""
                + LINEAGE.replace("\"", "\\\"")
                + "\"}\n"
                + GOOD
                + "\n"
                + begin
                + ",\"lineage\":[]}\n"
                + begin
                + ",\"lineage\":{\"source\":1}}\n"
                + begin
                + ",\"lineage\":\"no\"}\n");
    try (Stream<SynthesizedPair> pairs = PreferenceFile.of(file).synthesized(skipped::add)) {
      assertEquals(List.of("", "l"), pairs.map(SynthesizedPair::label).toList());
    }
    assertEquals(List.of(3L, 4L, 5L, 6L), skipped.stream().map(SourceFile.Skipped::line).toList());
    assertTrue(
        skipped.stream().allMatch(bad -> bad.reason().contains("lineage")), skipped::toString);
    assertEquals(6, pairs(file).size());
  }

  @Test
  void streamsAreLazyAndLetGoOfTheFile() throws IOException {
    Path file = file("a.jsonl", GOOD + "\n" + "x\n".repeat(1000));
    try (Stream<PreferencePair> pairs = PreferenceFile.of(file).pairs(skipped::add)) {
      assertEquals(pair("1", "p"), pairs.iterator().next());
    }
    assertEquals(List.of(), skipped);
  }

  @Test
  void anArrayIsReadRowByRow() throws IOException {
    Path file = file("a.json", "[" + GOOD + ",\n{\"prompt\": 1},\n " + GOOD + "\n]\n");
    assertEquals(2, pairs(file).size());
    assertEquals(List.of(2L), skipped.stream().map(SourceFile.Skipped::line).toList());
    assertEquals(1, PreferenceFile.of(file).counts().unusable());
    // The rows before the place where an array breaks off are read.
    Path broken = file("b.json", "[" + GOOD + ",\n" + GOOD);
    List<PreferencePair> read = new ArrayList<>();
    try (Stream<PreferencePair> pairs = PreferenceFile.of(broken).pairs(skipped::add)) {
      BadDataException e = assertThrows(BadDataException.class, () -> pairs.forEach(read::add));
      assertTrue(
          e.getMessage().contains("line 2: expected a JSON array, found one that"), e::getMessage);
    }
    assertEquals(1, read.size());
  }

  @Test
  void anElementThatIsTooLongIsSkippedAndTheNextOneRead() throws IOException {
    String brackets = "\"]}, \\\\\\\"[{\"";
    String odd = "{\"prompt\": \"q\", \"chosen\": " + brackets + ", \"rejected\": \"r\"}";
    String longer = "{\"prompt\": \"" + "x".repeat((1 << 22) + 1) + "\"}";
    Path file = file("a.json", "[" + odd + ", " + longer + ",\n" + GOOD + "]");
    List<PreferencePair> read = pairs(file);
    assertEquals(2, read.size());
    assertEquals("]}, \\\"[{", read.get(0).chosen());
    assertEquals(1, skipped.size());
    assertTrue(skipped.get(0).reason().contains("at most 4194304 bytes in a row"));
  }

  @Test
  void filesOfAnotherKindAreNamed() throws IOException {
    assertTrue(failure(file("a.csv", "a,b\n")).contains("found columns [a, b]"));
    assertTrue(failure(file("b.csv", "chosen,rejected,chosen\n")).contains("that is neither"));
    assertTrue(failure(folder.resolve("none")).contains("expected a file, found none"));
    assertEquals(List.of(), pairs(file("empty", "")));
    Path zip = file("a.jsonl.gz", GOOD.repeat(50_000));
    byte[] whole = Files.readAllBytes(zip);
    Files.write(zip, Arrays.copyOf(whole, whole.length / 2));
    assertTrue(failure(zip).contains("cannot read"));
  }

  @Test
  void theRealHhRlhfStreamsAsItIsReadWhole() {
    Path file = Shared.path("data", "hh-rlhf", "test.jsonl.gz");
    assertEquals(Preferences.read(file).pairs(), pairs(file));
    assertEquals(13, skipped.size());
    assertEquals(new Counts(2299, 1, 12), PreferenceFile.of(file).counts());
  }

  /** All of it goes through every format, in the form that it came in. */
  @ParameterizedTest
  @ValueSource(strings = {"a.jsonl.gz", "a.csv", "a.parquet"})
  void theRealHhRlhfSurvivesEveryFormat(String name) {
    List<PreferencePair> pairs =
        Preferences.read(Shared.path("data", "hh-rlhf", "test.jsonl.gz")).pairs();
    Path file = folder.resolve(name);
    for (Layout layout : List.of(Layout.HH_RLHF, Layout.TRL_CONVERSATIONAL)) {
      try (PreferenceWriter out = PreferenceWriter.open(file, layout)) {
        pairs.forEach(out::write);
        out.commit();
      }
      assertEquals(pairs, pairs(file));
    }
    assertEquals(List.of(), skipped);
  }
}
