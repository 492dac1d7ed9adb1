package org.alignment4j.data.synthesis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.PreferenceWriter;
import org.alignment4j.data.request.ChatException;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestLedger.Budget;
import org.alignment4j.data.synthesis.SynthesisStages.Candidate;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.synthesis.SynthesisReport;
import org.alignment4j.synthesis.SynthesisReport.StageYield;
import org.alignment4j.synthesis.SynthesizedPair;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SaferInstructTests {
  private static final List<String> CATEGORIES = List.of("hate", "illegal", "benign");

  static List<SourceText> texts(int n) {
    return IntStream.range(0, n)
        .mapToObj(
            i ->
                new SourceText(
                    "t:" + i,
                    // Some texts occur twice.
                    "An unpleasant text of some words, number " + (i % 17 == 16 ? i - 5 : i),
                    CATEGORIES.get(i % 17 == 16 ? (i - 5) % 3 : i % 3),
                    "test",
                    i % 23 == 22 ? "proprietary" : "MIT"))
        .toList();
  }

  static SaferInstruct synthesis(
      RequestLedger requests, ChatModel chat, ChatModel inducing, int threads) {
    return SaferInstruct.builder()
        .requests(requests)
        .threads(threads)
        .settings(SynthesisSettings.builder().seed(7).instructions(2).answerTries(2).build())
        .inducer(new ScriptedInducer(inducing))
        .judge(chat)
        .expert(chat)
        .build();
  }

  private static SynthesisReport run(
      RequestLedger requests, int threads, Consumer<SynthesizedPair> out) {
    ScriptedChat chat = new ScriptedChat("chat");
    return synthesis(requests, chat, chat, threads)
        .run(texts(200).stream(), out, ProgressListener.NONE);
  }

  @Test
  void theFunnelAddsUpAndEveryPairCanBeAccountedFor() {
    List<SynthesizedPair> pairs = new ArrayList<>();
    SynthesisReport report = run(new MemoryRequests(Long.MAX_VALUE), 4, pairs::add);
    assertTrue(report.complete());
    assertEquals(200, report.texts());
    assertEquals(pairs.size(), report.pairs());
    assertTrue(pairs.size() > 60, "pairs: " + pairs.size());

    Map<String, Long> in = new HashMap<>();
    Map<String, Long> out = new HashMap<>();
    Set<String> reasons = new HashSet<>();
    for (StageYield stage : report.stages()) {
      in.merge(stage.stage(), stage.in(), Long::sum);
      out.merge(stage.stage(), stage.out(), Long::sum);
      reasons.addAll(stage.dropped().keySet());
      if (!stage.stage().equals("induce")) {
        assertEquals(stage.in(), stage.out() + stage.droppedInAll(), stage.toString());
      }
    }
    List<String> order = SynthesisStages.ORDER;
    for (int i = 1; i < order.size(); i++) {
      assertEquals(out.get(order.get(i - 1)), in.get(order.get(i)), order.get(i));
    }
    assertEquals(out.get("verify"), report.pairs());
    assertEquals(
        Set.of(
            "licence not allowed",
            "exact",
            "too short",
            "copied",
            "malformed answer",
            "unnatural",
            "other category",
            "empty",
            "echo",
            "unsafe"),
        reasons);
    assertEquals(2 * in.get("induce"), out.get("induce"));

    Set<String> ids = new HashSet<>();
    for (SynthesizedPair pair : pairs) {
      assertTrue(ids.add(pair.pair().id()), pair.pair().id());
      assertEquals("scripted", pair.lineage().inducer());
      assertEquals("MIT", pair.lineage().licence());
      assertEquals(pair.label(), pair.lineage().category());
      assertEquals(
          Set.of("inducer", "judge", "expert", "verifier"), pair.lineage().models().keySet());
      assertTrue(pair.lineage().promptTokens() >= 400);
      assertEquals(4.0, pair.lineage().judgeScores().get("natural_fit"));
      assertEquals(64, pair.lineage().promptHash().length());
    }
  }

  @Test
  void theNumberOfThreadsChangesNothing() {
    List<SynthesizedPair> one = new ArrayList<>();
    List<SynthesizedPair> eight = new ArrayList<>();
    SynthesisReport first = run(new MemoryRequests(Long.MAX_VALUE), 1, one::add);
    SynthesisReport second = run(new MemoryRequests(Long.MAX_VALUE), 8, eight::add);
    assertEquals(one, eight);
    assertEquals(first, second);
  }

  @Test
  void whatComesOfATextDoesNotDependOnItsPlace() {
    List<SynthesizedPair> forth = new ArrayList<>();
    List<SynthesizedPair> back = new ArrayList<>();
    ScriptedChat chat = new ScriptedChat("chat");
    SaferInstruct run = synthesis(new MemoryRequests(Long.MAX_VALUE), chat, chat, 2);
    List<SourceText> texts = new ArrayList<>(texts(15));
    run.run(texts.stream(), forth::add, ProgressListener.NONE);
    Collections.reverse(texts);
    run.run(texts.stream(), back::add, ProgressListener.NONE);
    Comparator<SynthesizedPair> byId = Comparator.comparing(pair -> pair.pair().id());
    assertFalse(forth.isEmpty());
    assertEquals(forth.stream().sorted(byId).toList(), back.stream().sorted(byId).toList());
  }

  @Test
  void aRunThatTheBudgetStopsGoesOnWhereItStopped() {
    List<SynthesizedPair> whole = new ArrayList<>();
    SynthesisReport uninterrupted = run(new MemoryRequests(Long.MAX_VALUE), 3, whole::add);

    MemoryRequests store = new MemoryRequests(150);
    ScriptedChat chat = new ScriptedChat("chat");
    SaferInstruct run = synthesis(store, chat, chat, 3);
    List<SynthesizedPair> begun = new ArrayList<>();
    SynthesisReport stopped = run.run(texts(200).stream(), begun::add, ProgressListener.NONE);
    assertFalse(stopped.complete());
    assertEquals("the budget of requests is used up", stopped.stopped());
    assertEquals(150, chat.asked.get());
    assertEquals(whole.subList(0, begun.size()), begun);

    store.left.set(Long.MAX_VALUE);
    List<SynthesizedPair> resumed = new ArrayList<>();
    SynthesisReport report = run.run(texts(200).stream(), resumed::add, ProgressListener.NONE);
    assertEquals(whole, resumed);
    assertEquals(uninterrupted, report);
    assertEquals(chat.keys.size(), chat.asked.get(), "a stored answer was asked for again");
  }

  @Test
  void whatIsNotAnsweredIsSetAsideAndAskedForAgain() {
    List<SynthesizedPair> whole = new ArrayList<>();
    run(new MemoryRequests(Long.MAX_VALUE), 2, whole::add);

    ScriptedChat chat = new ScriptedChat("chat");
    AtomicInteger calls = new AtomicInteger();
    ChatModel shaky =
        failing(chat, request -> calls.incrementAndGet() % 9 == 0, ChatException.Kind.TRANSIENT);
    MemoryRequests store = new MemoryRequests(Long.MAX_VALUE);
    List<SynthesizedPair> first = new ArrayList<>();
    SynthesisReport report =
        synthesis(store, shaky, chat, 2)
            .run(texts(200).stream(), first::add, ProgressListener.NONE);
    assertEquals("", report.stopped());
    assertTrue(report.unanswered() > 10);
    assertFalse(report.complete());
    assertTrue(first.size() < whole.size());

    List<SynthesizedPair> again = new ArrayList<>();
    synthesis(store, chat, chat, 2).run(texts(200).stream(), again::add, ProgressListener.NONE);
    assertEquals(whole, again);
  }

  @Test
  void anEndpointThatIsGoneEndsTheRun() {
    ScriptedChat chat = new ScriptedChat("chat");
    ChatModel gone = failing(chat, request -> true, ChatException.Kind.TRANSIENT);
    SynthesisReport report =
        synthesis(new MemoryRequests(Long.MAX_VALUE), gone, chat, 2)
            .run(texts(500).stream(), pair -> {}, ProgressListener.NONE);
    assertEquals("of 25 items in a row, none was answered", report.stopped());
    assertTrue(report.texts() < 100);

    ChatModel locked = failing(chat, request -> true, ChatException.Kind.CONFIGURATION);
    SaferInstruct run = synthesis(new MemoryRequests(Long.MAX_VALUE), locked, chat, 2);
    assertEquals(
        ChatException.Kind.CONFIGURATION,
        assertThrows(
                ChatException.class,
                () -> run.run(texts(500).stream(), pair -> {}, ProgressListener.NONE))
            .kind());
  }

  @Test
  void anInterruptedRunIsCancelled() throws InterruptedException {
    ScriptedChat chat = new ScriptedChat("chat");
    AtomicInteger cancelled = new AtomicInteger();
    SaferInstruct run = synthesis(new MemoryRequests(Long.MAX_VALUE), chat, chat, 2);
    Thread thread =
        new Thread(
            () -> {
              Thread.currentThread().interrupt();
              try {
                run.run(texts(500).stream(), pair -> {}, ProgressListener.NONE);
              } catch (CancelledException e) {
                cancelled.set(Thread.currentThread().isInterrupted() ? 2 : 1);
              }
            });
    thread.start();
    thread.join();
    assertEquals(2, cancelled.get());
  }

  @Test
  void instructionsAloneNeedNoJudge() {
    MemoryRequests store = new MemoryRequests(Long.MAX_VALUE);
    SaferInstruct synthesis =
        SaferInstruct.builder()
            .requests(store)
            .threads(2)
            .inducer(new ScriptedInducer(new ScriptedChat("chat")))
            .build();
    List<Candidate> found = new ArrayList<>();
    SynthesisReport report =
        synthesis.candidates(texts(50).stream(), found::add, ProgressListener.NONE);
    assertTrue(report.complete());
    assertEquals(
        found.size(),
        report.stages().stream()
            .filter(stage -> stage.stage().equals("instruction duplicates"))
            .mapToLong(StageYield::out)
            .sum());
    assertThrows(
        IllegalStateException.class,
        () -> synthesis.run(texts(5).stream(), pair -> {}, ProgressListener.NONE));
  }

  @Test
  void aStoreIsOpenedForEachRunAndTheFileIsThereOnlyWhenAllIs(@TempDir Path folder)
      throws IOException {
    ScriptedChat chat = new ScriptedChat("chat");
    SaferInstruct.Builder builder =
        SaferInstruct.builder()
            .inducer(new ScriptedInducer(chat))
            .expert(chat)
            .store(folder.resolve("requests.sqlite"));
    Path file = folder.resolve("pairs.jsonl");
    SynthesisReport stopped =
        builder
            .budget(5_000)
            .build()
            .run(texts(30).stream(), PreferenceWriter.trl(file), ProgressListener.NONE);
    assertFalse(stopped.complete());
    assertTrue(stopped.stopped().contains("5000 tokens"), stopped.stopped());
    assertFalse(Files.exists(file));
    int before = chat.asked.get();
    assertTrue(before > 0);

    SynthesisReport report =
        builder
            .budget(Budget.UNLIMITED)
            .build()
            .run(texts(30).stream(), PreferenceWriter.trl(file), ProgressListener.NONE);
    assertTrue(report.complete());
    assertEquals(report.pairs(), Files.readAllLines(file).size());
    assertTrue(report.pairs() > 0);
    assertEquals(chat.keys.size(), chat.asked.get(), "a stored answer was asked for again");
  }

  @Test
  void theExpertJudgesUnlessThereIsAJudgeAndTheJudgeVerifies() {
    assertEquals(Set.of("expert"), models(null));
    assertEquals(Set.of("judge", "expert"), models(new ScriptedChat("judge")));
  }

  private static Set<String> models(ChatModel judge) {
    SaferInstruct.Builder builder =
        SaferInstruct.builder()
            .requests(new MemoryRequests(Long.MAX_VALUE))
            .inducer(new ScriptedInducer(new ScriptedChat("inducer")))
            .expert(new ScriptedChat("expert"));
    if (judge != null) {
      builder.judge(judge);
    }
    List<SynthesizedPair> pairs = new ArrayList<>();
    builder.build().run(texts(40).stream(), pairs::add, ProgressListener.NONE);
    assertFalse(pairs.isEmpty());
    Map<String, String> models = pairs.get(0).lineage().models();
    assertEquals("expert", models.get("expert"));
    assertEquals("inducer", models.get("inducer"));
    assertEquals(models.get("judge"), models.get("verifier"));
    return new HashSet<>(List.of(models.get("judge"), models.get("expert")));
  }

  @Test
  void whatDoesNotGoTogetherIsRefusedWhenItIsBuilt() {
    ScriptedChat chat = new ScriptedChat("chat");
    MemoryRequests requests = new MemoryRequests(1);
    Path file = Path.of("requests.sqlite");
    for (SaferInstruct.Builder bad :
        List.of(
            SaferInstruct.builder().requests(requests).expert(chat),
            SaferInstruct.builder().inducer(new ScriptedInducer(chat)),
            SaferInstruct.builder()
                .inducer(new ScriptedInducer(chat))
                .store(file)
                .requests(requests),
            SaferInstruct.builder().inducer(new ScriptedInducer(chat)).requests(requests).budget(5),
            SaferInstruct.builder().inducer(new ScriptedInducer(chat)).store(file).threads(0))) {
      assertThrows(IllegalArgumentException.class, bad::build);
    }
  }

  private static ChatModel failing(
      ChatModel model, Predicate<ChatRequest> when, ChatException.Kind kind) {
    return new ChatModel() {
      @Override
      public String name() {
        return model.name();
      }

      @Override
      public ChatAnswer answer(ChatRequest request) {
        if (when.test(request)) {
          throw new ChatException(kind, "the script says no", null);
        }
        return model.answer(request);
      }
    };
  }
}
