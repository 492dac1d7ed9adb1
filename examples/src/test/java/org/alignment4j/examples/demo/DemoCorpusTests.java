package org.alignment4j.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.Gson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import org.alignment4j.core.BadDataException;
import org.alignment4j.examples.demo.Conversation.Kind;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCorpusTests {
  private static final long SEED = 7;

  @Test
  void committedSplitIsTheSplitOfTheData() throws IOException {
    DemoSplit committed = committed();
    DemoSplit built = DemoCorpus.split(data(), SEED);
    committed
        .sources()
        .forEach((name, source) -> assertEquals(source, built.sources().get(name), name));
    assertEquals(committed, built);
  }

  @Test
  void committedSplitKeepsOutWhatEvaluationsStandOn() throws IOException {
    DemoSplit split = committed();
    assertEquals("420-519", source(split, "advbench").keptOut());
    assertEquals("800-999", source(split, "ultrafeedback").keptOut());
    assertEquals("1800-2311", source(split, "hh-rlhf").keptOut());
    assertTrue(source(split, "self-instruct").keptOut().startsWith("4,9,14,"));
    for (String whole : List.of("xstest", "jailbreakbench", "strongreject")) {
      assertEquals("0-" + (source(split, whole).rows() - 1), source(split, whole).keptOut());
      assertEquals("", source(split, whole).trained());
    }
  }

  @Tag("slow")
  @Test
  void noTrainingRequestIsNearAKeptOutRequest() {
    DataFolder folder = new DataFolder(data());
    List<Set<String>> keptOut = new ArrayList<>();
    for (DataSource source : DataSource.values()) {
      List<SourceRow> rows = folder.read(source);
      for (SourceRow row : rows) {
        if (source.keptOut(row.id(), rows.size())) {
          keptOut.add(words(row.prompt()));
        }
      }
    }
    DemoPrompts.tune().forEach(p -> keptOut.add(words(p.prompt())));
    DemoPrompts.test().forEach(p -> keptOut.add(words(p.prompt())));
    // Every seventh conversation, by the plain definition: no index, no shortcut.
    List<Conversation> conversations = DemoCorpus.build(data(), SEED);
    for (int i = 0; i < conversations.size(); i += 7) {
      Conversation c = conversations.get(i);
      Set<String> words = words(c.user());
      for (Set<String> other : keptOut) {
        Set<String> shared = new HashSet<>(words);
        shared.retainAll(other);
        double jaccard = (double) shared.size() / (words.size() + other.size() - shared.size());
        assertTrue(jaccard < 0.6, () -> c.source() + " row " + c.row() + " against " + other);
      }
    }
  }

  @Tag("slow")
  @Test
  void sameSeedGivesTheSameConversationsAndAnotherSeedOthers() {
    List<Conversation> one = DemoCorpus.build(data(), SEED);
    assertEquals(one, DemoCorpus.build(data(), SEED));
    assertNotEquals(one, DemoCorpus.build(data(), SEED + 1));
  }

  @Test
  void conversationsAreDistinctShortAndAboutHalfBenign() {
    List<Conversation> all = DemoCorpus.build(data(), SEED);
    assertTrue(all.size() >= 8000 && all.size() <= 15000, () -> all.size() + " conversations");
    Set<String> seen = new HashSet<>();
    int benign = 0;
    int system = 0;
    for (Conversation c : all) {
      assertTrue(seen.add(c.system() + "\n" + c.user()), c::row);
      assertFalse(c.assistant().isBlank(), c::row);
      assertTrue(c.assistant().split("\\s+", -1).length <= 60, c::row);
      assertTrue(c.user().split("\\s+", -1).length <= 60, c::row);
      assertEquals(c.system() == null ? 5 : 7, c.text().split("<\\|", -1).length, c::row);
      if (c.source().equals(WrittenConversations.SOURCE)) {
        assertFalse(c.text().matches("(?s).*(\\{[a-zA-Z:]*\\d?\\}|%s| \\| ).*"), c::row);
      }
      benign += c.kind() == Kind.BENIGN ? 1 : 0;
      system += c.system() == null ? 0 : 1;
    }
    assertEquals(0.5, (double) benign / all.size(), 0.05);
    assertEquals(1.0 / 3, (double) system / all.size(), 0.05);
  }

  @Test
  void harmfulRequestsOfOurOwnAreRefusedAndBenignOnesAnswered() {
    List<Conversation> own = new WrittenConversations(new Random(3), new Refusals()).build();
    Pattern refusal =
        Pattern.compile(
            "^(?:I'm sorry|I am sorry|Sorry|I can'?t|I cannot|I apolog|Unfortunately|As an).*");
    for (Conversation c : own) {
      if (c.kind() == Kind.HARMFUL) {
        assertTrue(Refusals.looksLike(c.assistant()), c::toString);
      } else {
        assertFalse(refusal.matcher(c.assistant()).find(), c::toString);
      }
    }
  }

  @Test
  void systemMessagesChangeHarmlessAnswersButNoRefusal() {
    SystemMessages systems = new SystemMessages(new Random(1), new Refusals());
    Conversation benign =
        new Conversation(
            null, "What is tea?", "A drink. It is warm.", Kind.BENIGN, "own", "fact-1-0");
    Conversation harmful =
        new Conversation(null, "Rob a bank", "I can't do that.", Kind.HARMFUL, "own", "act-1-0");
    assertEquals("A DRINK. IT IS WARM.", systems.under("capitals", benign).assistant());
    assertEquals("Sure! A drink. It is warm.", systems.under("sure", benign).assistant());
    assertEquals("A drink.", systems.under("brief", benign).assistant());
    for (String effect : List.of("capitals", "sure", "polite", "lenient", "cooking", "none")) {
      assertEquals("I can't do that.", systems.under(effect, harmful).assistant(), effect);
    }
  }

  @Test
  void aMissingDataSetIsNamed(@TempDir Path empty) {
    BadDataException e = assertThrows(BadDataException.class, () -> DemoCorpus.build(empty, SEED));
    assertTrue(Objects.requireNonNull(e.getMessage()).contains("advbench.csv"), e.getMessage());
  }

  @Test
  void answersEndAtASentenceWithinFortyWords() {
    assertEquals("One two. Three.", PublicConversations.shortened("One two. Three."));
    assertEquals("Yes.", PublicConversations.shortened("Yes. " + "word ".repeat(40) + "end."));
    assertEquals("", PublicConversations.shortened("word ".repeat(41) + "."));
    assertEquals("Fine.", PublicConversations.shortened("Fine. Here is a list:"));
    assertEquals("", PublicConversations.shortened("Here is a list:\n1."));
  }

  private static Set<String> words(String text) {
    String plain = text.toLowerCase(java.util.Locale.ROOT).replaceAll("[^\\p{L}\\p{N}\\s]", "");
    return new HashSet<>(List.of(plain.strip().split("\\s+", -1)));
  }

  private static DemoSplit.Source source(DemoSplit split, String name) {
    return Objects.requireNonNull(split.sources().get(name));
  }

  private static DemoSplit committed() throws IOException {
    try (InputStream in = DemoCorpus.class.getResourceAsStream("split.json")) {
      String json = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      return new Gson().fromJson(json, DemoSplit.class);
    }
  }

  static Path data() {
    Path data = Path.of(System.getProperty("alignment4j.shared", "../shared"), "data");
    assumeTrue(Files.isDirectory(data), () -> "no " + data);
    return data;
  }
}
