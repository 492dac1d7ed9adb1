package org.alignment4j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
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
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.statistics.Statistics;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.Preferences.Contents;
import org.alignment4j.tune.PreferencePair;

class PreferenceRoundTripTests {
  private static final List<String> NAMES = List.of("a.jsonl", "a.jsonl.gz", "a.csv", "broken");

  private final Path folder = createFolder();

  private static Path createFolder() {
    try {
      return Files.createTempDirectory("preferences");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @AfterProperty
  void deleteFolder() throws IOException {
    for (String name : NAMES) {
      Files.deleteIfExists(folder.resolve(name));
    }
    Files.deleteIfExists(folder);
  }

  /** Any text, lone surrogates and zero characters included, or text that is hostile to formats. */
  static Arbitrary<String> text() {
    return Arbitraries.oneOf(
        Arbitraries.strings().ofMaxLength(30),
        Arbitraries.strings().withChars("\"',\n\r\t\\{}[]é\u2028\uD83D\uDE00#\0 ").ofMaxLength(12),
        Arbitraries.of("\n\nHuman: a\n\nAssistant:", "\uFEFF", "\uDCE9", "<|im_end|>"));
  }

  static Arbitrary<String> filled() {
    return text().filter(s -> !s.isBlank());
  }

  static Arbitrary<Prompt> prompts() {
    Arbitrary<Message> turns =
        Combinators.combine(Arbitraries.of(true, false), text())
            .as((user, text) -> user ? Message.user(text) : Message.assistant(text));
    return Combinators.combine(
            text().map(Message::system).list().ofMaxSize(1),
            turns.list().ofMaxSize(4),
            filled().map(Message::user))
        .as(
            (system, middle, last) -> {
              List<Message> messages = new ArrayList<>(system);
              messages.addAll(middle);
              messages.add(last);
              return new Prompt(messages);
            });
  }

  private static Arbitrary<List<PreferencePair>> pairs(Arbitrary<Prompt> prompts) {
    return Combinators.combine(filled(), prompts, filled(), filled())
        .as(PreferencePair::new)
        .filter(pair -> !pair.chosen().equals(pair.rejected()))
        .list()
        .ofMinSize(1)
        .ofMaxSize(6);
  }

  @Provide
  Arbitrary<List<PreferencePair>> conversations() {
    return pairs(prompts());
  }

  @Provide
  Arbitrary<List<PreferencePair>> singleTurns() {
    return pairs(filled().filter(s -> !s.startsWith(HhDialogue.HUMAN)).map(Prompt::user))
        .map(pairs -> pairs.stream().map(PreferenceRoundTripTests::writable).toList())
        .filter(pairs -> pairs.stream().allMatch(p -> PreferenceRow.flaw(p).isEmpty()))
        .filter(pairs -> pairs.stream().noneMatch(p -> p.id().isBlank()));
  }

  private static PreferencePair writable(PreferencePair pair) {
    return new PreferencePair(
        writable(pair.id()),
        Prompt.user(writable(pair.prompt().last().text())),
        writable(pair.chosen()),
        writable(pair.rejected()));
  }

  /** Without what CSV in UTF-8 cannot hold: lone surrogates and zero characters. */
  private static String writable(String s) {
    return new String(s.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8).replace("\0", "");
  }

  @Property(tries = 300)
  void pairsComeBackAsWritten(@ForAll("conversations") List<PreferencePair> pairs) {
    for (String name : List.of("a.jsonl", "a.jsonl.gz")) {
      Preferences.writeJsonl(folder.resolve(name), pairs);
      assertEquals(pairs, Preferences.readStrict(folder.resolve(name)));
    }
  }

  @Property(tries = 300)
  void csvComesBackAsAnotherWriterWroteIt(@ForAll("singleTurns") List<PreferencePair> pairs)
      throws IOException {
    Path file = folder.resolve("a.csv");
    StringBuilder csv = new StringBuilder("id,prompt,chosen,rejected\r\n");
    for (PreferencePair pair : pairs) {
      csv.append(
          Stream.of(pair.id(), pair.prompt().last().text(), pair.chosen(), pair.rejected())
              .map(field -> '"' + field.replace("\"", "\"\"") + '"')
              .collect(Collectors.joining(",", "", "\r\n")));
    }
    Files.writeString(file, csv);
    assertEquals(pairs, Preferences.readStrict(file));
  }

  private static final List<String> VALID =
      List.of(
          "{\"id\":1,\"prompt\":\"p\",\"chosen\":\"cé\",\"rejected\":\"r\"}\n"
              + "{\"chosen\":\"\\n\\nHuman: a\\n\\nAssistant: b\",\"rejected\":"
              + "\"\\n\\nHuman: a\\n\\nAssistant: c\"}\n",
          "[{\"prompt\":[{\"role\":\"user\",\"content\":\"u\"}],\"chosen\":[{\"role\":"
              + "\"assistant\",\"content\":\"\uD83D\uDE00\"}],\"rejected\":[{\"role\":"
              + "\"assistant\",\"content\":\"b\"}]},{\"prompt\":\"p\",\"chosen\":\"c\","
              + "\"rejected\":\"r\"}]",
          "id,prompt,chosen,rejected\r\n1,\"a,\n\"\"b\"\"\",\"c\",r\r\n2,é,c,r\r\n");

  /** Bytes overwritten, cut out, doubled and put in, at places and with values of any kind. */
  @Provide
  Arbitrary<byte[]> damaged() {
    Arbitrary<int[]> edits =
        Arbitraries.integers()
            .between(0, Integer.MAX_VALUE)
            .array(int[].class)
            .ofMinSize(3)
            .ofMaxSize(8);
    return Combinators.combine(Arbitraries.of(VALID), edits)
        .as(
            (text, numbers) -> {
              List<Byte> bytes = new ArrayList<>();
              for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
                bytes.add(b);
              }
              for (int i = 0; i + 2 < numbers.length && !bytes.isEmpty(); i += 3) {
                int place = numbers[i] % bytes.size();
                byte value = value(numbers[i + 1]);
                switch (numbers[i + 2] % 5) {
                  case 0 -> bytes.set(place, value);
                  case 1 -> bytes.add(place, value);
                  case 2 -> bytes.remove(place);
                  case 3 -> bytes.subList(place, Math.min(bytes.size(), place + 20)).clear();
                  default -> bytes.addAll(place, List.copyOf(bytes.subList(0, place)));
                }
              }
              byte[] result = new byte[bytes.size()];
              for (int i = 0; i < result.length; i++) {
                result[i] = bytes.get(i);
              }
              return result;
            });
  }

  private static byte value(int number) {
    String telling = "{}[],:\"\\\n\r \0nu0";
    return number % 3 == 0 ? (byte) (number / 3) : (byte) telling.charAt(number % telling.length());
  }

  @Tag("slow")
  @Property(tries = 10_000)
  void damagedFilesAreReadOrRefused(@ForAll("damaged") byte[] bytes) throws IOException {
    Path file = Files.write(folder.resolve("broken"), bytes);
    String outcome;
    try {
      Contents set = Preferences.read(file);
      Preferences.writeJsonl(folder.resolve("a.jsonl"), set.pairs());
      assertEquals(set.pairs(), Preferences.readStrict(folder.resolve("a.jsonl")));
      outcome = set.skipped().isEmpty() ? "whole" : "in part";
    } catch (BadDataException e) {
      assertTrue(String.valueOf(e.getMessage()).contains(file.toString()), e.getMessage());
      outcome = "refused";
    }
    Statistics.collect(outcome);
    // Damage so heavy or so light that one end is never reached would test nothing.
    for (String each : List.of("whole", "in part", "refused")) {
      Statistics.coverage(coverage -> coverage.check(each).percentage(share -> share > 2));
    }
  }
}
