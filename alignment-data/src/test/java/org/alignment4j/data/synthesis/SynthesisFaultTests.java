package org.alignment4j.data.synthesis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.SourceFile;
import org.alignment4j.data.request.OpenAiChatModel;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestStore;
import org.alignment4j.data.testing.ScriptedChatServer;
import org.alignment4j.data.testing.ScriptedChatServer.Fault;
import org.alignment4j.data.testing.ScriptedChatServer.Kind;
import org.alignment4j.synthesis.ModelUsage;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.synthesis.SynthesisReport;
import org.alignment4j.synthesis.SynthesizedPair;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The whole graph on real texts through an endpoint that does everything wrong now and then. */
class SynthesisFaultTests {
  @Test
  void faultsOnTheWayChangeNothing() {
    faultsChangeNothing(40);
  }

  @Test
  @Tag("slow")
  void faultsOnTheWayOfManyRowsChangeNothing() {
    faultsChangeNothing(500);
  }

  private static void faultsChangeNothing(int number) {
    List<SourceText> texts = realTexts(number);
    List<SynthesizedPair> expected = new ArrayList<>();
    SynthesisReport smooth =
        run(texts, ScriptedChatServer.Script.none(), Duration.ofSeconds(30), expected);
    assertTrue(smooth.complete(), smooth.stopped());
    assertTrue(expected.size() > number / 5, "pairs: " + expected.size());

    Fault[] faults =
        Stream.concat(
                Stream.of(Fault.passing()),
                Stream.of(Fault.of(Kind.SILENCE), Fault.of(Kind.TRICKLE)))
            .toArray(Fault[]::new);
    List<SynthesizedPair> found = new ArrayList<>();
    SynthesisReport rough =
        run(
            texts,
            ScriptedChatServer.Script.seeded(1, 0.05, faults),
            Duration.ofMillis(400),
            found);
    assertEquals(expected, found);
    ModelUsage asked = smooth.usage().get(0);
    ModelUsage again = rough.usage().get(0);
    assertEquals(0, asked.retries());
    assertTrue(again.retries() > 0, "tries that failed are counted");
    assertEquals(
        List.of(asked.sent(), asked.promptTokens(), asked.completionTokens()),
        List.of(again.sent(), again.promptTokens(), again.completionTokens()));
    assertEquals(smooth.withUsage(List.of()), rough.withUsage(List.of()));
  }

  private static SynthesisReport run(
      List<SourceText> texts,
      ScriptedChatServer.Script script,
      Duration timeout,
      List<SynthesizedPair> pairs) {
    try (ScriptedChatServer server =
            ScriptedChatServer.start(0, script, Script::answer, Duration.ZERO);
        RequestStore store = RequestStore.inMemory();
        OpenAiChatModel chat =
            OpenAiChatModel.builder(server.baseUrl(), "tiny")
                .firstWait(Duration.ofMillis(5))
                .tries(12)
                .concurrency(16)
                .callTimeout(timeout)
                .build()) {
      SynthesisReport report =
          SaferInstructTests.synthesis(RequestLedger.over(store), chat, chat, 16)
              .run(texts.stream(), pairs::add, ProgressListener.NONE);
      assertEquals(
          server.answered().size(), report.usage().get(0).sent(), "each request is paid for once");
      return report;
    }
  }

  /** Half of them from HateCheck, half from ToxiGen. */
  private static List<SourceText> realTexts(int number) {
    Path data = Path.of(System.getProperty("alignment4j.shared", "none")).resolve("data");
    assumeTrue(Files.isDirectory(data), "needs the public data sets");
    List<SourceText> texts = new ArrayList<>();
    for (SourceFile file : files(data)) {
      try (Stream<SourceText> rows = file.open(skipped -> {})) {
        rows.filter(text -> text.category().equals("hate")).limit(number / 2).forEach(texts::add);
      }
    }
    assertEquals(number, texts.size());
    return texts;
  }

  private static List<SourceFile> files(Path data) {
    try (Stream<Path> toxigen = Files.list(data.resolve("toxigen"));
        Stream<Path> hateCheck = Files.list(data.resolve("hatecheck"))) {
      return List.of(
          SourceFile.hateCheck(
              hateCheck
                  .filter(f -> f.toString().endsWith(".csv"))
                  .sorted()
                  .findFirst()
                  .orElseThrow()),
          SourceFile.toxigenStatements(
              toxigen
                  .filter(f -> f.getFileName().toString().startsWith("hate_"))
                  .sorted()
                  .findFirst()
                  .orElseThrow()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
