package org.alignment4j.data.moral;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.alignment4j.PromptGuard;
import org.alignment4j.Verdict;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.moral.AnswerReader.Question;
import org.alignment4j.data.moral.AnswerReader.Status;
import org.alignment4j.data.moral.MoralExperiment.Condition;
import org.alignment4j.data.request.ChatException;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatModel.ChatAnswer.Finish;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.data.testing.FakeChatModel;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MoralRunTests {
  @TempDir Path folder;
  private Bbq bbq;

  @BeforeEach
  void write() throws IOException {
    BbqRows rows = new BbqRows("Age");
    for (int t = 0; t < 20; t++) {
      rows.addAll("" + t, List.of("old"), List.of("aunt", "old"), List.of("kid", "nonOld"));
    }
    bbq = rows.read(folder);
  }

  /** Chances that depend on all of the question, so that no mix-up goes unseen. */
  private static double probability(Question q, int option) {
    int mixed = q.prompt().messages().stream().mapToInt(m -> m.text().hashCode()).sum();
    return 1 + Math.floorMod(mixed * 31 + option * 7919, 97);
  }

  private static Scripted.Scorer scorer() {
    return Scripted.byOption((q, o) -> probability(q, o) / 1000);
  }

  private static MoralSelfCorrection.Builder settings() {
    return MoralSelfCorrection.builder().seed(3).bootstrap(new Bootstrap(200, 0.95, 3));
  }

  private MoralReport run(
      MoralSelfCorrection.Builder settings, AnswerReader reader, ProgressListener progress) {
    return settings.build().run(reader, bbq, Condition.all(), progress);
  }

  @Test
  void anInterruptedRunThatIsResumedReportsTheSameAndReadsNothingTwice() throws IOException {
    Scripted.Scorer whole = scorer();
    String expected = run(settings(), whole.reader(), ProgressListener.NONE).toJson();
    int all = whole.read.get();
    assertEquals(3 * 120, all);
    Path journal = folder.resolve("readings.jsonl");
    int read = 0;
    for (int stop : new int[] {1, 3, 6}) {
      Scripted.Scorer part = scorer();
      AtomicInteger steps = new AtomicInteger();
      ProgressListener interrupting =
          progress -> {
            if (steps.incrementAndGet() == stop) {
              Thread.currentThread().interrupt();
            }
          };
      assertThrows(
          CancelledException.class,
          () -> run(settings().journal(journal), part.reader(), interrupting));
      assertTrue(Thread.interrupted());
      read += part.read.get();
      // What a kill in the middle of a line would leave.
      Files.writeString(
          journal,
          Files.readString(journal) + "{\"key\": \"12",
          java.nio.charset.StandardCharsets.UTF_8);
    }
    Scripted.Scorer rest = scorer();
    String resumed =
        run(settings().journal(journal), rest.reader(), ProgressListener.NONE).toJson();
    assertEquals(expected, resumed);
    assertEquals(all, read + rest.read.get());
    assertTrue(rest.read.get() > 0);
    Scripted.Scorer none = scorer();
    run(settings().journal(journal), none.reader(), ProgressListener.NONE);
    assertEquals(0, none.read.get());
    assertFalse(Files.readString(journal).contains("aunt"), "the journal holds text");
    // Other settings of the questions are other readings.
    run(settings().seed(4).journal(journal), none.reader(), ProgressListener.NONE);
    assertEquals(all, none.read.get());
  }

  @Test
  void journalsOfCategoriesTogetherServeARunOverAll() throws IOException {
    BbqRows rows = new BbqRows("Religion");
    for (int t = 0; t < 9; t++) {
      rows.addAll("" + t, List.of("Jewish"), List.of("x", "Jewish"), List.of("y", "Sikh"));
    }
    Bbq both = rows.read(folder);
    StringBuilder together = new StringBuilder();
    for (String category : List.of("Religion", "Age")) {
      Path own = folder.resolve(category + ".journal");
      settings()
          .journal(own)
          .build()
          .run(
              scorer().reader(),
              both.only(Set.of(category)),
              Condition.all(),
              ProgressListener.NONE);
      together.append(Files.readString(own));
    }
    Path journal = folder.resolve("together.journal");
    Files.writeString(journal, together);
    Scripted.Scorer none = scorer();
    String found =
        settings()
            .journal(journal)
            .build()
            .run(none.reader(), both, Condition.all(), ProgressListener.NONE)
            .toJson();
    assertEquals(0, none.read.get());
    assertEquals(
        settings()
            .build()
            .run(scorer().reader(), both, Condition.all(), ProgressListener.NONE)
            .toJson(),
        found);
  }

  @Test
  void aDamagedJournalIsNamed() throws IOException {
    Path journal = folder.resolve("readings.jsonl");
    Files.writeString(journal, "{}\n");
    BadDataException e =
        assertThrows(
            BadDataException.class,
            () -> run(settings().journal(journal), scorer().reader(), ProgressListener.NONE));
    assertTrue(String.valueOf(e.getMessage()).contains("readings.jsonl, line 1"));
  }

  @Test
  void threadsChangeNothing() {
    List<Long> done = new ArrayList<>();
    Path journal = folder.resolve("readings.jsonl");
    assertEquals(
        run(settings(), scorer().reader(), ProgressListener.NONE).toJson(),
        run(settings().threads(4).journal(journal), scorer().reader(), p -> done.add(p.done()))
            .toJson());
    assertEquals(360, done.get(done.size() - 1));
    Scripted.Scorer none = scorer();
    run(settings().journal(journal), none.reader(), ProgressListener.NONE);
    assertEquals(0, none.read.get());
  }

  @Test
  void aThreadsFailureEndsTheRun() {
    Scripted.Chat chat =
        new Scripted.Chat(
            request -> {
              throw new ChatException(ChatException.Kind.CONFIGURATION, "no key", null);
            });
    for (int threads : new int[] {1, 3}) {
      assertThrows(
          ChatException.class,
          () ->
              run(
                  settings().threads(threads),
                  AnswerReader.sampled(chat, new Scripted.Memory(), 2, true),
                  ProgressListener.NONE));
    }
  }

  @Test
  void whatAnEndpointDoesNotTakeIsUnreadableAndLeftOut() {
    Scripted.Chat chat =
        new Scripted.Chat(
            request -> {
              if (request.prompt().messages().get(0).text().startsWith("Context 0.")) {
                throw new ChatException(ChatException.Kind.REQUEST, "too long", null);
              }
              return List.of("(a)", "(b)");
            });
    MoralReport report =
        run(
            settings(),
            AnswerReader.sampled(chat, new Scripted.Memory(), 2, true),
            ProgressListener.NONE);
    assertEquals(1, report.conditions().get(0).unreadable());
    assertEquals(119, report.conditions().get(0).read());
    assertTrue(
        report
            .warnings()
            .contains("Q: of 120 items 1 have no answer (0 blocked, 0 invalid, 1 unreadable)."),
        report.warnings().toString());
  }

  @Test
  void storedAnswersAreNotAskedForAgain() {
    Scripted.Memory store = new Scripted.Memory();
    Scripted.Chat chat = new Scripted.Chat(request -> List.of("(a)", "(b)", "Hm. (c)"));
    AnswerReader reader = AnswerReader.sampled(chat, store, 3, true);
    String first = run(settings(), reader, ProgressListener.NONE).toJson();
    int calls = chat.calls.get();
    assertEquals(3 * 120 * 3 + 120, calls); // and 120 times thinking
    assertEquals(first, run(settings(), reader, ProgressListener.NONE).toJson());
    assertEquals(calls, chat.calls.get());
  }

  @Test
  void reasoningIsPutBeforeTheFinalQuestion() {
    Scripted.Scorer scorer = scorer();
    settings()
        .reasoningPerCategory(12)
        .build()
        .run(scorer.reader(), bbq, Set.of(Condition.REASONING), ProgressListener.NONE);
    assertEquals(12, scorer.reasoned.size());
    assertEquals(12, scorer.read.get());
    assertTrue(
        scorer.reasoned.get(0).prompt().last().text().endsWith("does not rely on stereotypes."));
    assertNotEquals(scorer.reasoned.get(0).seed(), scorer.reasoned.get(1).seed());
  }

  @Test
  void aSubsetHasAllKindsAndIsComparedOnItsOwnItems() {
    MoralReport report =
        run(settings().reasoningPerCategory(40), scorer().reader(), ProgressListener.NONE);
    MoralReport.Change change =
        report.change(Condition.REASONING, "s_amb_expected", "Age").orElseThrow();
    assertEquals(40, change.items());
    Set<String> ids =
        new java.util.HashSet<>(
            report.answers().stream()
                .filter(a -> a.condition() == Condition.REASONING)
                .map(MoralReport.Answer::item)
                .toList());
    double own = 0;
    double question = 0;
    int n = 0;
    for (MoralReport.Answer a : report.answers()) {
      boolean ambiguous =
          bbq.items().stream()
              .anyMatch(i -> i.id().equals(a.item()) && i.kind().startsWith("ambig"));
      if (ids.contains(a.item()) && ambiguous) {
        double bias = a.probabilities().get(0) - a.probabilities().get(1);
        own += a.condition() == Condition.REASONING ? bias : 0;
        question += a.condition() == Condition.QUESTION ? bias : 0;
        n += a.condition() == Condition.QUESTION ? 1 : 0;
      }
    }
    assertEquals(20, n);
    assertEquals((own - question) / n, change.difference().estimate(), 1e-12);
    assertEquals(question / n, change.question(), 1e-12);
    assertTrue(change.difference().lo() < change.difference().hi());
  }

  @Test
  void allOrdersTakeAPreferenceForALetterAway() {
    // Always (a), whatever it is.
    AnswerReader reader = Scripted.scorer((q, c) -> c.equals(" (a)") ? 0.8 : 0.1).reader();
    MoralReport one = run(settings(), reader, ProgressListener.NONE);
    MoralReport all = run(settings().allOrders(true), reader, ProgressListener.NONE);
    assertEquals(
        0, one.score(Condition.QUESTION, "accuracy_amb", "Age").orElseThrow().value().estimate());
    assertEquals(
        1 / 3.0,
        all.score(Condition.QUESTION, "accuracy_amb_expected", "Age")
            .orElseThrow()
            .value()
            .estimate(),
        1e-12);
    all.answers()
        .forEach(a -> a.probabilities().forEach(c -> assertEquals(1 / 3.0, c, 1e-12, a.item())));
  }

  @Test
  void guardsRewriteAndBlockBeforeTheModel() {
    // The instruction as a guard makes the plain question the instructed one.
    MoralReport guarded =
        run(
            settings().guard(SelfCorrectionGuard.inMessage()),
            scorer().reader(),
            ProgressListener.NONE);
    MoralReport plain = run(settings(), scorer().reader(), ProgressListener.NONE);
    for (String score : List.of("s_amb", "s_dis_expected", "accuracy_amb_expected")) {
      assertEquals(
          plain.score(Condition.INSTRUCTION, score, "Age").orElseThrow().value(),
          guarded.score(Condition.QUESTION, score, "Age").orElseThrow().value());
    }
    PromptGuard blocking =
        prompt ->
            prompt.last().text().startsWith("Context 1.")
                ? new Verdict.Block(1, "no", Duration.ZERO)
                : new Verdict.Allow(0, "yes", Duration.ZERO);
    MoralReport blocked = run(settings().guard(blocking), scorer().reader(), ProgressListener.NONE);
    assertEquals(1, blocked.conditions().get(0).blocked());
    assertEquals(
        Status.BLOCKED,
        blocked.answers().stream()
            .filter(a -> a.item().equals("Age/1"))
            .findFirst()
            .orElseThrow()
            .status());
  }

  @Test
  void jsonHasWhatAReportNeedsAndNoText() {
    MoralReport report = run(settings(), scorer().reader(), ProgressListener.NONE);
    String json = report.toJson();
    JsonObject o = JsonParser.parseString(json).getAsJsonObject();
    assertEquals("bbq", o.get("experiment").getAsString());
    assertEquals(360, o.getAsJsonArray("answers").size());
    assertFalse(json.contains("aunt") || json.contains("Who?"));
    assertFalse(report.toJson(false).contains("\"answers\""));
    assertEquals(report.conditions().size(), o.getAsJsonArray("conditions").size());
  }

  @Test
  void whatTheModelWouldNotAnswerIsStoppedAndSaid() {
    for (int threads : new int[] {1, 3}) {
      Scripted.Scorer plain =
          Scripted.byOption(
              (q, o) ->
                  q.prompt().messages().stream().anyMatch(m -> m.text().contains("unbiased"))
                      ? 0.01
                      : probability(q, o) / 300);
      MoralReport report =
          run(settings().leastCoverage(0.2).threads(threads), plain.reader(), p -> {});
      // Two conditions end after one group.
      assertEquals(120 + 2 * 32, plain.read.get());
      List<String> stopped =
          report.warnings().stream().filter(w -> w.contains("stopped after 32")).toList();
      assertEquals(2, stopped.size(), report.warnings().toString());
      assertTrue(stopped.get(0).startsWith("Q+IF, Age: ") && stopped.get(0).contains("0.030 of"));
      for (MoralReport.Score score : report.scores()) {
        boolean asked = score.condition() == Condition.QUESTION;
        assertEquals(
            asked && !score.name().equals("macro"),
            !Double.isNaN(score.value().estimate()),
            score.toString());
      }
      assertEquals(120, report.conditions().get(0).read());
      assertEquals(0, report.conditions().get(1).asked());
    }
  }

  @Test
  void refusesNumbersBelowOneAndNoCondition() {
    assertThrows(IllegalArgumentException.class, () -> settings().leastCoverage(1.1).build());
    assertThrows(IllegalArgumentException.class, () -> settings().threads(0).build());
    assertThrows(IllegalArgumentException.class, () -> settings().itemsPerCategory(0).build());
    assertThrows(
        IllegalArgumentException.class,
        () ->
            settings()
                .build()
                .run(
                    scorer().reader(),
                    bbq,
                    Set.of(Condition.MATCH_STATISTICS),
                    ProgressListener.NONE));
  }

  /** An endpoint that fails now and then costs these items only, and only in this run. */
  @Test
  void whatAnEndpointDoesNotAnswerIsAskedForAgain() {
    AtomicInteger failing = new AtomicInteger(1);
    AtomicInteger asked = new AtomicInteger();
    ChatModel chat =
        new ChatModel() {
          @Override
          public String name() {
            return "endpoint";
          }

          @Override
          public ChatAnswer answer(ChatRequest request) {
            if (failing.get() > 0 && asked.incrementAndGet() % 10 == 0) {
              throw new ChatException(ChatException.Kind.TRANSIENT, "busy", null);
            }
            return new ChatAnswer("(a)", Finish.STOP, 1, 1);
          }
        };
    Scripted.Memory kept = new Scripted.Memory();
    Path journal = folder.resolve("endpoint.jsonl");
    List<MoralReport> reports = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      reports.add(
          run(
              settings().journal(journal),
              AnswerReader.sampled(chat, kept, 1, false),
              ProgressListener.NONE));
      failing.set(0);
    }
    int unanswered = reports.get(0).conditions().stream().mapToInt(c -> c.unanswered()).sum();
    assertTrue(unanswered > 5, "unanswered: " + unanswered);
    assertTrue(reports.get(0).warnings().toString().contains("unanswered"));
    assertEquals(0, reports.get(1).conditions().stream().mapToInt(c -> c.unanswered()).sum());
    failing.set(1);
    ChatModel gone =
        new FakeChatModel(
            "gone",
            request -> {
              throw new ChatException(ChatException.Kind.TRANSIENT, "gone", null);
            });
    assertThrows(
        ChatException.class,
        () -> run(settings(), AnswerReader.sampled(gone, kept, 1, false), ProgressListener.NONE));
  }

  @Test
  void ananswerThatDidNotEndIsNoneAndMissingVerdictsAreNoLeave() {
    for (Finish finish : List.of(Finish.FILTERED, Finish.OTHER)) {
      ChatModel chat =
          new FakeChatModel("ends by " + finish, request -> new ChatAnswer("(a)", finish, 1, 1));
      MoralReport report =
          run(
              settings(),
              AnswerReader.sampled(chat, new Scripted.Memory(), 1, false),
              ProgressListener.NONE);
      report.conditions().forEach(c -> assertEquals(c.asked(), c.invalid()));
    }
    PromptGuard none = prompt -> nothing();
    assertThrows(
        AlignmentException.class,
        () -> run(settings().guard(none), scorer().reader(), ProgressListener.NONE));
  }

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
  private static <T> T nothing() {
    return null;
  }

  @Test
  void aModelThatAnswersByPlaceIsTold() {
    AnswerReader always = Scripted.byOption((q, o) -> o == 1 ? 0.8 : 0.1).reader();
    MoralReport one = run(settings(), always, ProgressListener.NONE);
    assertEquals(
        "Q: the same letter, (b), in 120 of 120 readings: it may answer by position, not by"
            + " content; try all orders of the options (--all-orders).",
        one.warnings().get(0));
    MoralReport all = run(settings().allOrders(true), always, ProgressListener.NONE);
    assertTrue(all.warnings().get(0).contains("in 360 of 360 readings"), all::toString);
    assertFalse(all.warnings().get(0).contains("--all-orders"));
    // Few readings, and answers by content, say nothing of places.
    MoralReport few = run(settings().itemsPerCategory(6), always, ProgressListener.NONE);
    MoralReport content =
        run(settings().allOrders(true), unknown().reader(), ProgressListener.NONE);
    for (MoralReport report : List.of(few, content)) {
      assertTrue(
          report.warnings().stream().noneMatch(w -> w.contains("same letter")), report::toString);
    }
  }

  /** Always says that it is not known, wherever that stands. */
  private static Scripted.Scorer unknown() {
    return Scripted.byOption(
        (q, o) -> {
          String shown = q.prompt().messages().get(0).text();
          String letter = "(" + (char) ('a' + o) + ") Not known";
          return shown.contains(letter) ? 1.0 : 0.0;
        });
  }

  @Test
  void aModelThatAlwaysAnswersUnknownHasABiasOfZeroInEveryGroup() {
    MoralReport report = run(settings(), unknown().reader(), ProgressListener.NONE);
    for (String group : List.of("Age", "pooled", "macro")) {
      for (String score : List.of("s_amb", "s_amb_expected")) {
        Bootstrap.Interval value =
            report.score(Condition.QUESTION, score, group).orElseThrow().value();
        assertEquals(new Bootstrap.Interval(0, 0, 0), value, score + " " + group);
      }
      // No answer in disambiguated contexts names a group: 2 * 0 / 0 - 1.
      assertTrue(
          Double.isNaN(
              report.score(Condition.QUESTION, "s_dis", group).orElseThrow().value().estimate()));
    }
    assertTrue(report.warnings().contains("Q, macro: s_dis is not defined."));
    assertTrue(report.warnings().stream().noneMatch(w -> w.contains("s_amb is not")));
  }

  @Test
  void progressTellsWhatWasKeptFromWhatWasRead() {
    Path journal = folder.resolve("readings.jsonl");
    for (double kept : new double[] {0, 360}) {
      List<ProgressListener.Progress> seen = new ArrayList<>();
      run(settings().journal(journal), scorer().reader(), seen::add);
      ProgressListener.Progress last = seen.get(seen.size() - 1);
      assertEquals(360, last.done());
      assertEquals(kept, last.metrics().get("kept"));
    }
  }
}
