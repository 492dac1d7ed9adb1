package org.alignment4j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.Preferences.Contents;
import org.alignment4j.data.Preferences.Contents.Skipped;
import org.alignment4j.tune.PreferencePair;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PreferencesTests {
  private static final Path DATA = Path.of(System.getProperty("alignment4j.shared", ""), "data");
  private static final String GOOD = "{\"prompt\":\"p\",\"chosen\":\"c\",\"rejected\":\"r\"}";

  private final Path folder;

  PreferencesTests(@TempDir Path folder) {
    this.folder = folder;
  }

  private Path file(String name, String text) throws IOException {
    return Files.write(folder.resolve(name), text.getBytes(StandardCharsets.UTF_8));
  }

  private static String failure(Path file) {
    String message =
        String.valueOf(
            assertThrows(BadDataException.class, () -> Preferences.read(file)).getMessage());
    assertTrue(message.contains(file.toString()), message);
    return message;
  }

  private static PreferencePair pair(String id, Prompt prompt, String chosen, String rejected) {
    return new PreferencePair(id, prompt, chosen, rejected);
  }

  private PreferencePair only(String row) throws IOException {
    Contents set = Preferences.read(file("one.jsonl", row + "\n"));
    assertEquals(List.of(), set.skipped());
    assertEquals(1, set.rows());
    return set.pairs().get(0);
  }

  @Test
  void standardPromptsBecomeUserMessages() throws IOException {
    assertEquals(
        pair("1", Prompt.user("Why?\n"), " So.", "No."),
        only("{\"prompt\":\"Why?\\n\",\"chosen\":\" So.\",\"rejected\":\"No.\",\"score\":1}"));
  }

  @Test
  void theSharedMessagesOfConversationsAreThePrompt() throws IOException {
    String shared =
        "{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"a\"},"
            + "{\"role\":\"assistant\",\"content\":\"b\"},{\"role\":\"user\",\"content\":\"c\"},";
    assertEquals(
        pair(
            "1",
            Prompt.of(
                Message.system("s"), Message.user("a"), Message.assistant("b"), Message.user("c")),
            "x",
            "y"),
        only(
            "{\"chosen\":["
                + shared
                + "{\"role\":\"assistant\",\"content\":\"x\"}],\"rejected\":["
                + shared
                + "{\"role\":\"assistant\",\"content\":\"y\",\"name\":null}]}"));
  }

  @Test
  void promptsOfMessagesStandApart() throws IOException {
    PreferencePair expected =
        pair(
            "1", Prompt.of(Message.user("a"), Message.assistant("b"), Message.user("c")), "x", "y");
    String prompt =
        "{\"prompt\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
            + "\"content\":\"b\"},{\"role\":\"user\",\"content\":\"c\"}],";
    assertEquals(
        expected,
        only(
            prompt
                + "\"chosen\":[{\"role\":\"assistant\",\"content\":\"x\"}],"
                + "\"rejected\":[{\"role\":\"assistant\",\"content\":\"y\"}]}"));
    assertEquals(expected, only(prompt + "\"chosen\":\"x\",\"rejected\":\"y\"}"));
  }

  @Test
  void binarizedUltraFeedbackRepeatsItsPrompt() throws IOException {
    String row =
        "{\"prompt\":\"%s\",\"prompt_id\":\"f0\",\"score_chosen\":8.5,"
            + "\"chosen\":[{\"role\":\"user\",\"content\":\"q \"},"
            + "{\"role\":\"assistant\",\"content\":\"x\"}],"
            + "\"rejected\":[{\"role\":\"user\",\"content\":\"q \"},"
            + "{\"role\":\"assistant\",\"content\":\"y\"}]}";
    assertEquals(pair("1", Prompt.user("q "), "x", "y"), only(String.format(row, "q")));
    assertTrue(
        failure(file("u.jsonl", String.format(row, "other"))).contains("is no user message"));
    assertEquals(
        pair("1", Prompt.user("q"), "x", "y"),
        only(
            "{\"prompt\":\"q\",\"chosen\":[{\"role\":\"assistant\",\"content\":\"x\"}],"
                + "\"rejected\":[{\"role\":\"assistant\",\"content\":\"y\"}]}"));
  }

  @Test
  void hhDialoguesAreSplitAtTheLastAssistant() throws IOException {
    Prompt prompt =
        Prompt.of(Message.user("a\n\nb"), Message.assistant(" b"), Message.user("Human: c"));
    assertEquals(
        pair("1", prompt, "x\n\ny", "" + "z "),
        only(
            "{\"chosen\":\"\\n\\nHuman: a\\n\\nb\\n\\nAssistant:  b\\n\\nHuman: Human: c"
                + "\\n\\nAssistant: x\\n\\ny\",\"rejected\":\"\\n\\nHuman: a\\n\\nb\\n\\nAssistant:"
                + "  b\\n\\nHuman: Human: c\\n\\nAssistant:z \"}"));
    assertEquals(
        pair("1", prompt, "x", "y"),
        only(
            "{\"prompt\":\"\\n\\nHuman: a\\n\\nb\\n\\nAssistant:  b\\n\\nHuman: Human: c"
                + "\\n\\nAssistant:\",\"chosen\":\" x\",\"rejected\":\" y\"}"));
  }

  @Test
  void csvMayHoldLineBreaksQuotesAndDialogues() throws IOException {
    Contents set =
        Preferences.read(
            file(
                "p.csv",
                "\uFEFFRejected,,Prompt,ID,Chosen\r\n"
                    + "no,0,\"a,\n\"\"b\"\"\",k7,\"yes\n\"\r\n"
                    + "\r\nr,1,p,,c\n"
                    + "short,1\n"
                    + "\"never closed,1,p,,c\n"
                    + "r,\"1\" x,p,,c\n"
                    + "r,1,q,,c\n"));
    assertEquals(
        List.of(
            pair("k7", Prompt.user("a,\n\"b\""), "yes\n", "no"),
            pair("2", Prompt.user("p"), "c", "r"),
            pair("6", Prompt.user("q"), "c", "r")),
        set.pairs());
    assertEquals(new Skipped(3, "expected 5 columns, found 2"), set.skipped().get(0));
    assertEquals(List.of(3, 4, 5), set.skipped().stream().map(Skipped::row).toList());
    assertEquals(
        List.of(pair("1", Prompt.user("q"), "x", "y")),
        Preferences.readStrict(
            file(
                "h",
                "chosen,rejected\n\"\n\nHuman: q\n\nAssistant: x\","
                    + "\"\n\nHuman: q\n\nAssistant: y\"\n")));
  }

  @Test
  void arraysAndZippedFilesAreToldByTheirContent() throws IOException {
    String text =
        "\n[ "
            + GOOD
            + " ,\n{\"id\":12,\"prompt\":\"],[\\\"\",\"chosen\":\"c\","
            + "\"rejected\":\"r\"}]\n";
    List<PreferencePair> expected =
        List.of(pair("1", Prompt.user("p"), "c", "r"), pair("12", Prompt.user("],[\""), "c", "r"));
    assertEquals(expected, Preferences.readStrict(file("data.bin", text)));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    Path zipped = Files.write(folder.resolve("data.json.gz"), bytes.toByteArray());
    assertEquals(expected, Preferences.readStrict(zipped));
    byte[] cut = java.util.Arrays.copyOf(bytes.toByteArray(), bytes.size() - 6);
    failure(Files.write(folder.resolve("cut.gz"), cut));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'prompt':'p','rejected':'r'} | expected chosen and rejected, found [prompt, rejected]",
        "{'prompt':'p','chosen':null,'rejected':'r'} | found chosen null and rejected text",
        "{'prompt':'p','chosen':'c','rejected':3} | found chosen text and rejected a number",
        "{'prompt':'p','chosen':true,'rejected':{}} | chosen a truth value and rejected an object",
        "{'prompt':'p','chosen':'c','rejected':[]} | found chosen text and rejected a list",
        "{'prompt':7,'chosen':'c','rejected':'r'} | expected the prompt as text or as a list",
        "{'prompt':7,'chosen':[A],'rejected':[B]} | expected the prompt as text or as a list",
        "{'id':[],'prompt':'p','chosen':'c','rejected':'r'} | expected the id as text",
        "{'id':true,'prompt':'p','chosen':'c','rejected':'r'} | expected the id as text",
        "{'prompt':' ','chosen':'c','rejected':'r'} | the prompt is empty",
        "{'prompt':'p','chosen':' ','rejected':'r'} | chosen is empty",
        "{'prompt':'p','chosen':'c','rejected':''} | rejected is empty",
        "{'prompt':'p','chosen':'c','rejected':'c'} | chosen and rejected are equal",
        "{'chosen':[],'rejected':[B]} | chosen holds no message",
        "{'chosen':[A],'rejected':[B]} | there is no prompt",
        "{'chosen':[U,A],'rejected':[U]} | expected rejected to end with an assistant message",
        "{'chosen':[U,A],'rejected':[B]} | the messages before the last differ",
        "{'chosen':[U,A],'rejected':[U,A]} | chosen and rejected are equal",
        "{'chosen':[U,A,A],'rejected':[U,A,B]} | must end with a user message",
        "{'chosen':[U,S,U,A],'rejected':[U,S,U,B]} | a system message must come first",
        "{'chosen':[S,A],'rejected':[S,B]} | only a system message",
        "{'prompt':[],'chosen':[A],'rejected':[B]} | at least one message",
        "{'prompt':[U,A],'chosen':[A],'rejected':[B]} | must end with a user message",
        "{'prompt':[U],'chosen':[U,A],'rejected':[U,B]} | in chosen, as there is a prompt, found 2",
        "{'prompt':[U],'chosen':[U],'rejected':[B]} | expected chosen to end with an assistant",
        "{'prompt':['u'],'chosen':[A],'rejected':[B]} | prompt, message 1: expected an object",
        "{'prompt':[{'role':'user'}],'chosen':[A],'rejected':[B]} | message 1: expected role and",
        "{'prompt':[{'role':'human','content':''}],'chosen':[A],'rejected':[B]} | found 'human'",
        "{'prompt':[{'role':'user','content':[]}],'chosen':[A],'rejected':[B]} | found a list",
        "{'chosen':'c','rejected':'r'} | there is no prompt: expected one, or chosen that begins",
        "{'chosen':'#Human: q','rejected':'r'} | there is no prompt",
        "{'chosen':'#Human: q#Assistant: c','rejected':'r'} | expected one, or rejected that",
        "{'chosen':'#Human: q#Assistant: c','rejected':'#Human: r#Assistant: r'} | character 10 on",
        "{'chosen':'#Human: q#Assistant: c','rejected':'#Human: q#Assistant: '} | rejected is empty",
        "{'chosen':'#Human: q#Assistant: c','rejected':'#Human: q#Assistant: c'} | are equal",
        "{'chosen':'#Human: #Assistant: c','rejected':'#Human: #Assistant: r'} | prompt is empty",
        "{'chosen':'#Human:q#Assistant:c#Human:d','rejected':''} | end with Assistant's turn, found",
        "{'prompt':'#Human: q#Human: q#Assistant:','chosen':'c','rejected':'r'} | found Human",
        "{'prompt':'#Human: q#Assistant: q#Assistant:','chosen':'c','rejected':'r'} | must end with",
        "{'prompt':'#Human: q#Assistant: a#Assistant: a#Human: q#Assistant:','chosen':'c','rejected'"
            + ":'r'} | turn 3: expected Human, found Assistant",
        "{'prompt':'p','chosen':'c','rejected':'r'}} | not well-formed JSON",
        "{'prompt':'p','chosen':'c','rejected':'r', | not well-formed JSON",
        "{prompt:'p','chosen':'c','rejected':'r'} | not well-formed JSON",
        "{'prompt':'p','prompt':'q','chosen':'c','rejected':'r'} | not well-formed JSON",
        "'text' | expected a JSON object",
        "null | expected a JSON object",
      })
  void aMalformedRowIsSkippedWithItsNumberAndReason(String row, String reason) throws IOException {
    String json =
        row.replace('\'', '"')
            .replace("Assistant\"s", "Assistant's")
            .replace("#", "\\n\\n")
            .replace("[U", "[" + message("user", "u"))
            .replace(",U", "," + message("user", "u"))
            .replace("[S", "[" + message("system", "s"))
            .replace(",S", "," + message("system", "s"))
            .replace("[A", "[" + message("assistant", "a"))
            .replace(",A", "," + message("assistant", "a"))
            .replace("[B", "[" + message("assistant", "b"))
            .replace(",B", "," + message("assistant", "b"));
    Path file = file("rows.jsonl", GOOD + "\n" + json + "\r\n\n" + GOOD + "\n");
    Contents set = Preferences.read(file);
    assertEquals(List.of("1", "4"), set.pairs().stream().map(PreferencePair::id).toList());
    assertEquals(1, set.skipped().size());
    assertEquals(3, set.rows());
    assertEquals(2, set.skipped().get(0).row());
    String found = set.skipped().get(0).reason();
    assertTrue(found.contains(reason), found);
    assertFalse(found.contains("\n"), found);
    String strict =
        String.valueOf(
            assertThrows(BadDataException.class, () -> Preferences.readStrict(file)).getMessage());
    assertTrue(strict.startsWith(file + ", row 2: " + found), strict);
  }

  private static String message(String role, String content) {
    return "{\"role\":\"" + role + "\",\"content\":\"" + content + "\"}";
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`` | found an empty file",
        "` \n` | found an empty file",
        "`[ ]` | found no usable row among 0",
        "`chosen,rejected\n` | found no usable row among 0",
        "`prompt,answer\na,b\n` | found columns [prompt, answer]",
        "`chosen,chosen,rejected\na,b,c\n` | a first line that is neither",
        "`hello\nthere\n` | found columns [hello]",
        "`{\"text\":\"a\"}\n` | among 1; row 1: expected chosen and rejected, found [text]",
        "`{\n  \"chosen\": []\n}\n` | among 3; row 1: not well-formed JSON",
        "`[{\"prompt\":\"p\",\"chosen\":\"c\",\"rejected\":\"r\"},{` | does not end: row 2",
        "`[{\"prompt\":\"p\",\"chosen\":\"c\",\"rejected\":\"r\"}],1` | nothing after the JSON array",
      })
  void aFileOfAnotherKindFailsAsOne(String text, String expected) throws IOException {
    String failure = failure(file("a", text));
    assertTrue(failure.contains(expected), failure);
  }

  @Test
  void aMistakeInsideAnElementCostsOnlyThatElement() throws IOException {
    Contents set =
        Preferences.read(
            file("a.json", "[{\"prompt\":p}," + GOOD + ",[" + GOOD + "]," + GOOD + ",]"));
    assertEquals(List.of("2", "4"), set.pairs().stream().map(PreferencePair::id).toList());
    assertEquals(List.of(1, 3, 5), set.skipped().stream().map(Skipped::row).toList());
  }

  @Test
  void anotherEncodingCostsOnlyItsRows() throws IOException {
    String latin = GOOD.replace("p\"", "é\"");
    for (String text :
        List.of(
            GOOD + "\n" + GOOD + "\n" + latin + "\n" + GOOD + "\n",
            "[" + String.join(",", GOOD, GOOD, latin, GOOD) + "]",
            "prompt,chosen,rejected\na,c,r\nb,c,r\n\"é\",c,r\nd,c,r\n")) {
      // Latin-1 has é as the one byte E9, which begins a sequence in UTF-8 that does not come.
      Path file = Files.write(folder.resolve("mixed"), text.getBytes(StandardCharsets.ISO_8859_1));
      Contents set = Preferences.read(file);
      assertEquals(List.of(new Skipped(3, "expected UTF-8, found byte 0xE9")), set.skipped());
      assertEquals(
          List.of("1", "2", "4"), set.pairs().stream().map(PreferencePair::id).toList(), text);
    }
    String nul = "prompt,chosen,rejected\na,c,r\nb,c\0,r\n";
    assertEquals(
        List.of(new Skipped(2, "expected text, found a zero byte")),
        Preferences.read(file("nul", nul)).skipped());
    assertTrue(
        failure(Files.write(folder.resolve("wide"), GOOD.getBytes(StandardCharsets.UTF_16)))
            .contains("UTF-16"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1_000, 200_000})
  void deepJsonIsAReasonNotACrash(int depth) throws IOException {
    Path file =
        file("deep.jsonl", GOOD + "\n{\"chosen\":" + "[".repeat(depth) + "]".repeat(depth) + "}\n");
    assertTrue(Preferences.read(file).skipped().get(0).reason().contains("not well-formed"));
  }

  @Test
  void reasonsAreShortAndHoldNoControlCharacters() throws IOException {
    String keys = "{\"" + "k\\n".repeat(10_000) + "\":1}\n";
    String reason = Preferences.read(file("k", GOOD + "\n" + keys)).skipped().get(0).reason();
    assertTrue(reason.length() < 320, reason);
    assertTrue(reason.chars().noneMatch(Character::isISOControl), reason);
  }

  @Test
  void whatIsWrittenIsTrlConversationalAndWhole() throws IOException {
    Path file = folder.resolve("out.jsonl");
    Preferences.writeJsonl(file, List.of(pair("a", Prompt.user("<p>"), "c\ud800", "r")));
    Preferences.writeJsonl(file, List.of(pair("b", Prompt.user("<p>"), "c\ud800", "r")));
    assertEquals(
        "{\"id\":\"b\",\"prompt\":[{\"role\":\"user\",\"content\":\"<p>\"}],\"chosen\":[{\"role\":"
            + "\"assistant\",\"content\":\"c\\ud800\"}],\"rejected\":[{\"role\":\"assistant\","
            + "\"content\":\"r\"}]}\n",
        Files.readString(file));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void whatCouldNotBeReadBackIsNotWritten() {
    Path file = folder.resolve("out.jsonl");
    Prompt prompt = Prompt.user("p");
    for (List<PreferencePair> pairs :
        List.of(
            List.<PreferencePair>of(),
            List.of(pair(" ", prompt, "c", "r")),
            List.of(pair("1", Prompt.user(""), "c", "r")),
            List.of(pair("1", prompt, " ", "r")),
            List.of(pair("1", prompt, "c", "")),
            List.of(pair("1", prompt, "c", "c")))) {
      assertThrows(IllegalArgumentException.class, () -> Preferences.writeJsonl(file, pairs));
    }
    assertFalse(Files.exists(file));
    assertThrows(
        BadDataException.class,
        () ->
            Preferences.writeJsonl(
                folder.resolve("absent").resolve("x"), List.of(pair("1", prompt, "c", "r"))));
  }

  @Test
  void theRealHhRlhfHasItsKnownCounts() {
    assumeTrue(Files.isDirectory(DATA.resolve("hh-rlhf")), "real preference sets are absent");
    Contents set = Preferences.read(DATA.resolve("hh-rlhf/test.jsonl.gz"));
    assertEquals(2312, set.rows());
    assertEquals(2299, set.pairs().size());
    assertEquals(
        Map.of(
            "chosen is empty", List.of(87, 517, 926, 1104),
            "the prompts of chosen and rejected", List.of(1255, 1689, 1951, 1953, 2037),
            "the prompt's turn", List.of(668, 764, 1320, 1850)),
        set.skipped().stream()
            .collect(
                Collectors.groupingBy(
                    skipped -> skipped.reason().replaceAll("(turn|rejected)[ ,].*", "$1"),
                    TreeMap::new,
                    Collectors.mapping(Skipped::row, Collectors.toList()))));
    assertEquals("2312", set.pairs().get(2298).id());
  }

  @Test
  void aRealInstructionSetIsNoPreferenceFile() {
    assumeTrue(Files.isDirectory(DATA.resolve("ultrafeedback")), "real instructions are absent");
    String failure = failure(DATA.resolve("ultrafeedback/ultrafeedback_1k.json"));
    assertTrue(
        failure.contains(
            "no usable row among 1000; row 1: expected chosen and rejected, found"
                + " [instruction, input, output]"),
        failure);
  }
}
