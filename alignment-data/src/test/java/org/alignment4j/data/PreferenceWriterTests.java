package org.alignment4j.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CancelledException;
import org.alignment4j.data.PreferenceWriter.Layout;
import org.alignment4j.synthesis.Lineage;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.synthesis.SynthesizedPair;
import org.alignment4j.tune.PreferencePair;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PreferenceWriterTests {
  private static final SynthesizedPair ROW =
      new SynthesizedPair(
          new PreferencePair("s:1", Prompt.user("p, \"q\""), "c\nd", "r"),
          "hate",
          Lineage.of(new SourceText("s", "t", "hate", "x", "MIT")).seed(7).build());
  private static final String LINEAGE =
      "{'source':'x','licence':'MIT','category':'hate','inducer':'','seed':7,'judge_scores':{},"
          + "'models':{},'prompt_tokens':0,'completion_tokens':0,'cost':0,'currency':'',"
          + "'prompt_hash':''}";
  private static final PreferencePair MULTI =
      new PreferencePair(
          "m", Prompt.of(Message.user("a"), Message.assistant(""), Message.user("b\n")), "c", "r");

  private final Path folder;

  PreferenceWriterTests(@TempDir Path folder) {
    this.folder = folder;
  }

  private Path write(String name, Layout layout) {
    Path file = folder.resolve(name);
    try (PreferenceWriter out = PreferenceWriter.open(file, layout)) {
      out.write(ROW);
      if (layout != Layout.TRL_STANDARD) {
        out.write(MULTI);
      }
      out.commit();
    }
    return file;
  }

  @Test
  void jsonLinesAreWhatTrlAndHhRlhfHave() throws IOException {
    String behind = ",'label':'hate','lineage':" + LINEAGE + "}\n";
    assertEquals(
        "{'id':'s:1','prompt':'p, \\'q\\'','chosen':'c\\nd','rejected':'r'" + behind,
        Files.readString(write("a.jsonl", Layout.TRL_STANDARD)).replace('"', '\''));
    assertEquals(
        "{'id':'s:1','prompt':[{'role':'user','content':'p, \\'q\\''}],"
            + "'chosen':[{'role':'assistant','content':'c\\nd'}],"
            + "'rejected':[{'role':'assistant','content':'r'}]"
            + behind
            + "{'id':'m','prompt':[{'role':'user','content':'a'},"
            + "{'role':'assistant','content':''},{'role':'user','content':'b\\n'}],"
            + "'chosen':[{'role':'assistant','content':'c'}],"
            + "'rejected':[{'role':'assistant','content':'r'}]}\n",
        Files.readString(write("a.jsonl", Layout.TRL_CONVERSATIONAL)).replace('"', '\''));
    assertEquals(
        "{'id':'s:1','chosen':'\\n\\nHuman: p, \\'q\\'\\n\\nAssistant: c\\nd',"
            + "'rejected':'\\n\\nHuman: p, \\'q\\'\\n\\nAssistant: r'"
            + behind
            + "{'id':'m','chosen':'\\n\\nHuman: a\\n\\nAssistant: \\n\\nHuman: b\\n\\n\\n"
            + "Assistant: c','rejected':'\\n\\nHuman: a\\n\\nAssistant: \\n\\nHuman: b\\n\\n\\n"
            + "Assistant: r'}\n",
        Files.readString(write("a.jsonl", Layout.HH_RLHF)).replace('"', '\''));
  }

  @Test
  void csvQuotesEveryField() throws IOException {
    assertEquals(
        "'id','prompt','chosen','rejected','label','lineage'\r\n"
            + "'s:1','p, ''q''','c\nd','r','hate','"
            + LINEAGE.replace("'", "''")
            + "'\r\n",
        Files.readString(write("a.csv", Layout.TRL_STANDARD)).replace('"', '\''));
    assertTrue(
        Files.readString(write("a.csv", Layout.TRL_CONVERSATIONAL))
            .contains("\"[{\"\"role\"\":\"\"assistant\"\",\"\"content\"\":\"\"c\"\"}]\""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.jsonl", "a.jsonl.gz", "a.csv", "a.csv.gz", "a.parquet"})
  void equalRowsGiveEqualBytes(String name) throws IOException {
    for (Layout layout : Layout.values()) {
      byte[] first = Files.readAllBytes(write(name, layout));
      assertArrayEquals(first, Files.readAllBytes(write(name, layout)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.jsonl", "a.csv.gz", "a.parquet"})
  void theNameHoldsOnlyWholeFiles(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.writeString(folder.resolve(name + ".partial"), "left behind by a killed program");
    try (PreferenceWriter out = PreferenceWriter.open(file, Layout.HH_RLHF)) {
      out.write(ROW);
      assertEquals(1, out.rows());
    }
    assertEquals(List.of(), files());
    try (PreferenceWriter out = PreferenceWriter.open(file, Layout.HH_RLHF)) {
      out.write(ROW);
      assertFalse(Files.exists(file));
      out.commit();
      assertThrows(IllegalStateException.class, out::commit);
      assertThrows(IllegalStateException.class, () -> out.write(ROW));
    }
    assertEquals(List.of(file), files());
    byte[] whole = Files.readAllBytes(file);
    try (PreferenceWriter out = PreferenceWriter.open(file, Layout.HH_RLHF)) {
      out.write(MULTI);
    }
    assertArrayEquals(whole, Files.readAllBytes(file));
    try (PreferenceWriter out = PreferenceWriter.open(file, Layout.HH_RLHF)) {
      out.commit();
    }
    assertEquals(new PreferenceFile.Counts(0, 0, 0), PreferenceFile.of(file).counts());
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  private static PreferencePair single(String prompt, String chosen, String rejected) {
    return new PreferencePair("i", Prompt.user(prompt), chosen, rejected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a.jsonl | TRL_STANDARD | MULTI | one user message, found 3 messages",
        "a.csv | TRL_STANDARD | SYSTEM | one user message, found 2 messages",
        "a.jsonl | HH_RLHF | SYSTEM | no system message",
        "a.parquet | HH_RLHF | TWO USERS | turn 2 is the user's",
        "a.jsonl | HH_RLHF | MARKER IN PROMPT | turn 1 holds",
        "a.csv | HH_RLHF | MARKER IN CHOSEN | chosen holds \"\\n\\nHuman:\"",
        "a.parquet | HH_RLHF | MARKER IN REJECTED | rejected holds \"\\n\\nAssistant:\"",
        "a.jsonl | TRL_STANDARD | DIALOGUE | read as another form",
        "a.csv | TRL_STANDARD | MESSAGES | read as another form",
        "a.csv | TRL_STANDARD | SURROGATE | chosen holds a lone surrogate",
        "a.parquet | TRL_CONVERSATIONAL | SURROGATE | chosen holds a lone surrogate",
        "a.csv | TRL_STANDARD | ZERO | chosen holds a zero character",
        "a.jsonl | TRL_CONVERSATIONAL | EQUAL | chosen and rejected are equal",
        "a.parquet | TRL_CONVERSATIONAL | NO REJECTED | rejected is empty",
        "a.csv | HH_RLHF | NO ID | the id is blank",
        "a.jsonl | TRL_STANDARD | LONG | of which a row can have at most 4194304",
        "a.csv.gz | TRL_STANDARD | LONG | of which a row can have at most 4194304",
      })
  void whatAFormCannotHoldIsRefusedWithRowAndReason(
      String name, Layout layout, String which, String reason) {
    PreferencePair pair =
        switch (which) {
          case "MULTI" -> MULTI;
          case "SYSTEM" ->
              new PreferencePair("i", Prompt.of(Message.system(""), Message.user("u")), "c", "r");
          case "TWO USERS" ->
              new PreferencePair("i", Prompt.of(Message.user("a"), Message.user("b")), "c", "r");
          case "MARKER IN PROMPT" -> single("a\n\nHuman: b", "c", "r");
          case "MARKER IN CHOSEN" -> single("a", "c\n\nHuman:", "r");
          case "MARKER IN REJECTED" -> single("a", "c", "r\n\nAssistant: d");
          case "DIALOGUE" -> single("\n\nHuman: a\n\nAssistant:", "c", "r");
          case "MESSAGES" ->
              single(
                  "p",
                  "[{\"role\":\"assistant\",\"content\":\"c\"}]",
                  "[{\"role\":\"assistant\",\"content\":\"r\"}]");
          case "SURROGATE" -> single("p", "c\uDCE9", "r");
          case "ZERO" -> single("p", "c\0", "r");
          case "EQUAL" -> single("p", "c", "c");
          case "NO REJECTED" -> single("p", "c", " ");
          case "NO ID" -> new PreferencePair(" ", Prompt.user("p"), "c", "r");
          case "LONG" -> single("p", "c".repeat(1 << 22), "r");
          default -> throw new IllegalArgumentException(which);
        };
    Path file = folder.resolve(name);
    try (PreferenceWriter out = PreferenceWriter.open(file, layout)) {
      out.write(ROW);
      String message =
          String.valueOf(
              assertThrows(IllegalArgumentException.class, () -> out.write(pair)).getMessage());
      assertTrue(
          message.startsWith(file + ", row 2: pair " + pair.id() + " cannot be written: "),
          message);
      assertTrue(message.contains(reason), message);
      assertTrue(message.endsWith(out.flaw(pair).orElseThrow()), message);
      out.write(ROW);
      out.commit();
    }
    assertEquals(List.of(ROW.pair(), ROW.pair()), Preferences.readStrict(file));
  }

  @Test
  void escapesHoldInJsonWhatUtf8Cannot() {
    PreferencePair pair = single("p\uDCE9", "\0\uD800", "r");
    for (String name : List.of("a.jsonl", "a.csv")) {
      Path file = folder.resolve(name);
      try (PreferenceWriter out = PreferenceWriter.open(file, Layout.TRL_CONVERSATIONAL)) {
        out.write(pair);
        out.commit();
      }
      assertEquals(List.of(pair), Preferences.readStrict(file));
    }
  }

  @Test
  void filesThatCannotBeWrittenAreNamed() throws IOException {
    for (String name : List.of("a.txt", "a", "a.parquet.gz", "a.json")) {
      assertThrows(
          IllegalArgumentException.class,
          () -> PreferenceWriter.open(folder.resolve(name), Layout.HH_RLHF));
    }
    Path absent = folder.resolve("absent").resolve("a.csv");
    String message =
        String.valueOf(
            assertThrows(
                    BadDataException.class, () -> PreferenceWriter.open(absent, Layout.HH_RLHF))
                .getMessage());
    assertTrue(message.contains(absent.toString()), message);
    assertEquals(List.of(), files());
  }

  @Test
  void anInterruptCancels() throws IOException {
    PreferenceWriter out = PreferenceWriter.open(folder.resolve("a.jsonl"), Layout.TRL_STANDARD);
    out.write(ROW);
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancelledException.class, out::commit);
    } finally {
      assertTrue(Thread.interrupted());
    }
    out.close();
    assertEquals(List.of(), files());
  }

  /** The class path of an application that added nothing for Parquet. */
  @Test
  void withoutParquetOneErrorSaysWhatToAdd() throws Exception {
    List<URL> urls = new ArrayList<>();
    List<String> parquet = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      String jar = Path.of(entry).getFileName().toString();
      if (jar.startsWith("parquet-") || jar.startsWith("hadoop-")) {
        parquet.add(jar);
      } else if (!jar.startsWith("aircompressor-")) {
        urls.add(Path.of(entry).toUri().toURL());
      }
    }
    Path file = write("a.parquet", Layout.TRL_STANDARD);
    try (URLClassLoader loader =
        new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
      Class<?> layout = loader.loadClass(Layout.class.getName());
      Class<?> writer = loader.loadClass(PreferenceWriter.class.getName());
      InvocationTargetException writing =
          assertThrows(
              InvocationTargetException.class,
              () ->
                  writer
                      .getMethod("open", Path.class, layout)
                      .invoke(null, folder.resolve("b.parquet"), layout.getEnumConstants()[0]));
      Class<?> reader = loader.loadClass(Preferences.class.getName());
      InvocationTargetException reading =
          assertThrows(
              InvocationTargetException.class,
              () -> reader.getMethod("read", Path.class).invoke(null, file));
      for (InvocationTargetException e : List.of(writing, reading)) {
        assertEquals(AlignmentException.class.getName(), e.getCause().getClass().getName());
        String message = String.valueOf(e.getCause().getMessage());
        for (String library : List.of("parquet-hadoop", "hadoop-client-api")) {
          String jar =
              parquet.stream().filter(j -> j.startsWith(library)).findFirst().orElseThrow();
          String coordinates = jar.replace(library + "-", library + ":").replace(".jar", "");
          assertTrue(message.contains(":" + coordinates), message);
        }
      }
      // The other formats need nothing.
      Object out =
          writer
              .getMethod("open", Path.class, layout)
              .invoke(null, folder.resolve("b.csv"), layout.getEnumConstants()[0]);
      writer.getMethod("commit").invoke(out);
    }
    assertFalse(Files.exists(folder.resolve("b.parquet.partial")));
    assertTrue(Files.exists(folder.resolve("b.csv")));
  }
}
