package org.alignment4j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.statistics.Statistics;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.PreferenceWriter.Layout;
import org.alignment4j.synthesis.Lineage;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.synthesis.SynthesizedPair;
import org.alignment4j.tune.PreferencePair;

class PreferenceFileRoundTripTests {
  private static final List<String> NAMES =
      List.of("a.jsonl", "a.jsonl.gz", "a.csv", "a.csv.gz", "a.parquet");

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
      Files.deleteIfExists(folder.resolve(name + ".partial"));
    }
    Files.delete(folder);
  }

  /** What reads like the forms' own marks, and what no form should mind. */
  private static Arbitrary<String> text() {
    return Arbitraries.frequencyOf(
        net.jqwik.api.Tuple.of(
            4, Arbitraries.strings().alpha().withChars(" \n\r\"',").ofMaxLength(9)),
        net.jqwik.api.Tuple.of(1, PreferenceRoundTripTests.text()),
        net.jqwik.api.Tuple.of(
            1,
            Arbitraries.of(
                "Human:",
                "\nHuman: a",
                "Human: a\n\nAssistant: b",
                "x\n",
                "\n\n",
                "\uFEFF",
                "\r",
                "a\r\nb",
                "\u2028\uD83D\uDE00",
                "[{\"role\":\"assistant\",\"content\":\"x\"}]",
                "[{\"role\":\"user\",\"content\":\"y\"}]")));
  }

  private static Arbitrary<String> filled() {
    return text().filter(s -> !s.isBlank());
  }

  private static Arbitrary<Prompt> turns() {
    return text()
        .list()
        .ofMaxSize(3)
        .flatMap(
            earlier ->
                filled()
                    .map(
                        last -> {
                          List<Message> messages = new ArrayList<>();
                          for (String text : earlier) {
                            messages.add(Message.user(text));
                            messages.add(Message.assistant(text + "."));
                          }
                          messages.add(Message.user(last));
                          return new Prompt(messages);
                        }));
  }

  private static Arbitrary<Lineage> lineages() {
    return Combinators.combine(
            text(),
            text(),
            Arbitraries.longs(),
            Arbitraries.doubles(),
            Arbitraries.bigDecimals().between(BigDecimal.ZERO, BigDecimal.TEN).ofScale(7))
        .as(
            (source, name, seed, score, cost) ->
                Lineage.of(new SourceText("id", "text", name, source, "MIT"))
                    .seed(seed)
                    .inducer(name)
                    .judgeScore(source, score)
                    .model("expert", name)
                    .addTokens(seed >>> 1, 3)
                    .addCost(cost, "EUR")
                    .addPromptHash("0f".repeat(32))
                    .build());
  }

  @Provide
  Arbitrary<List<SynthesizedPair>> rows() {
    Arbitrary<Prompt> prompts =
        Arbitraries.oneOf(turns(), filled().map(Prompt::user), PreferenceRoundTripTests.prompts());
    Arbitrary<PreferencePair> pairs =
        Combinators.combine(filled(), prompts, filled(), filled())
            .as(PreferencePair::new)
            .filter(pair -> !pair.chosen().equals(pair.rejected()));
    return Combinators.combine(pairs, text(), lineages())
        .as(SynthesizedPair::new)
        .list()
        .ofMaxSize(5);
  }

  @Property(tries = 100)
  void rowsComeBackAsWritten(@ForAll("rows") List<SynthesizedPair> rows, @ForAll Layout layout) {
    for (String name : NAMES) {
      Path file = folder.resolve(name);
      List<SynthesizedPair> written = new ArrayList<>();
      try (PreferenceWriter out = PreferenceWriter.open(file, layout)) {
        for (SynthesizedPair row : rows) {
          Optional<String> flaw = out.flaw(row);
          if (flaw.isEmpty()) {
            out.write(row);
            written.add(row);
          } else {
            assertThrows(IllegalArgumentException.class, () -> out.write(row));
            requireReason(name, layout, row, flaw.get());
          }
          Statistics.label(layout + (name.contains("jsonl") ? " in JSON" : " not in JSON"))
              .collect(flaw.isEmpty() ? "written" : "refused");
        }
        out.commit();
      }
      PreferenceFile in = PreferenceFile.of(file);
      try (Stream<SynthesizedPair> found = in.synthesized(bad -> fail(bad.toString()))) {
        assertEquals(written, found.toList());
      }
      try (Stream<PreferencePair> found = in.pairs(bad -> fail(bad.toString()))) {
        assertEquals(written.stream().map(SynthesizedPair::pair).toList(), found.toList());
      }
      assertEquals(new PreferenceFile.Counts(written.size(), 0, 0), in.counts());
      if (!written.isEmpty()) {
        assertEquals(
            written.stream().map(SynthesizedPair::pair).toList(), Preferences.readStrict(file));
      }
    }
    for (Layout each : Layout.values()) {
      for (String format : List.of(" in JSON", " not in JSON")) {
        if (each == layout) {
          // The least share, of TRL_STANDARD outside JSON, is .33 with a deviation of .05 from seed
          // to
          // seed; too few would mean that the property hardly tests what it says.
          Statistics.label(each + format)
              .coverage(c -> c.check("written").percentage(share -> share > 5));
        }
      }
    }
  }

  /** Only what cannot be is refused. */
  private static void requireReason(String name, Layout layout, SynthesizedPair row, String flaw) {
    boolean json = name.contains("jsonl");
    String all = row.toString() + row.label() + row.pair();
    boolean hostile = all.chars().anyMatch(c -> c == 0 || Character.isSurrogate((char) c));
    List<Message> messages = row.pair().prompt().messages();
    boolean possible =
        switch (layout) {
          case TRL_CONVERSATIONAL -> !json && hostile;
          case TRL_STANDARD ->
              messages.size() > 1
                  || (!json && hostile)
                  || all.contains("[{")
                  || all.contains(HhDialogue.HUMAN);
          case HH_RLHF ->
              messages.size() != 1
                  || (!json && hostile)
                  || all.contains("\n\nHuman:")
                  || all.contains("\n\nAssistant:");
        };
    assertTrue(possible, () -> name + " " + layout + ": " + flaw);
  }
}
