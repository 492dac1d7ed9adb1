package org.alignment4j.data.induction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.filter.Deduplicator;
import org.alignment4j.data.induction.Inducer.Induction;
import org.alignment4j.data.induction.ReversedInstructionTuner.InstructionSplit;
import org.alignment4j.data.request.ChatException;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatModel.ChatAnswer.Finish;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.train.TrainingSettings;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InducerTests {
  private static final SourceText TEXT = text("a", "well run then jump");
  private static final Sampling SHORT = new Sampling(10, 0.7, 0.95, List.of("\n###"));

  @TempDir static Path folder;
  private static LanguageModel model;
  private static LoraAdapter adapter;

  @BeforeAll
  static void tune() throws IOException {
    model = LanguageModel.load(InstructionTask.writeRandom(folder));
    adapter = tuned(1);
  }

  private static LoraAdapter tuned(long seed) {
    return ReversedInstructionTuner.builder()
        .training(TrainingSettings.builder().batchSize(4).learningRate(1e-3).seed(seed).build())
        .build()
        .tune(
            model,
            new InstructionSplit(InstructionTask.rows(8, 3), List.of()),
            ProgressListener.NONE)
        .adapter();
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static SourceText text(String id, String text) {
    return new SourceText(id, text, "hate", "test", "MIT");
  }

  private static List<String> texts(List<Induction> inductions) {
    return inductions.stream().map(Induction::instruction).toList();
  }

  /** Answers with what it was asked, and keeps it. */
  private static final class Recorder implements ChatModel {
    private final List<ChatRequest> requests = new ArrayList<>();
    private final String says;

    Recorder(String says) {
      this.says = says;
    }

    @Override
    public String name() {
      return "recorder";
    }

    @Override
    public ChatAnswer answer(ChatRequest request) {
      requests.add(request);
      return new ChatAnswer(says, Finish.STOP, 10, 3);
    }
  }

  @Test
  void aSampleDependsOnTextSeedAndNumberNotOnHowManyOrWhatElse() {
    List<Induction> four;
    try (ReversedInducer inducer = new ReversedInducer(model, adapter, SHORT)) {
      four = inducer.induce(TEXT, 4, 11, new MemoryRequests());
    }
    assertEquals(4, new HashSet<>(texts(four)).size(), "a random model hardly repeats itself");
    try (ReversedInducer inducer = new ReversedInducer(model, adapter, SHORT)) {
      inducer.induce(text("b", "well sing then read"), 3, 12, new MemoryRequests());
      assertEquals(
          texts(four).subList(0, 2), texts(inducer.induce(TEXT, 2, 11, new MemoryRequests())));
      assertNotEquals(texts(four), texts(inducer.induce(TEXT, 4, 12, new MemoryRequests())));
    }
    assertEquals(List.of(0, 1, 2, 3), four.stream().map(Induction::sample).toList());
  }

  @Test
  void seedsOfSamplesDifferAndAreNotNegative() {
    Set<Long> seen = new HashSet<>();
    for (long seed = -50; seed < 50; seed++) {
      for (int i = 0; i < 4; i++) {
        long own = Samples.seed(seed, i);
        assertTrue(own >= 0);
        assertTrue(seen.add(own));
      }
    }
    // SplitMix64 by another program: mix(mix(7 + GOLDEN) + 3 GOLDEN) / 2.
    assertEquals(5067083786226862413L, Samples.seed(7, 2));
  }

  @Test
  void whatWasDrawnOnceIsTakenFromTheStore() {
    MemoryRequests requests = new MemoryRequests();
    try (ReversedInducer inducer = new ReversedInducer(model, adapter, SHORT)) {
      List<Induction> first = inducer.induce(TEXT, 2, 11, requests);
      assertEquals(2, requests.asked);
      List<Induction> again = inducer.induce(TEXT, 3, 11, requests);
      assertEquals(3, requests.asked);
      assertEquals(texts(first), texts(again.subList(0, 2)));
      assertFalse(first.get(0).answers().get(0).fromStore());
      assertTrue(again.get(0).answers().get(0).fromStore());
      assertEquals(inducer.name(), first.get(0).inducer());
      assertEquals(inducer.name(), first.get(0).answers().get(0).model());
    }
    try (ReversedInducer other = new ReversedInducer(model, tuned(2), SHORT)) {
      other.induce(TEXT, 1, 11, requests);
      assertEquals(4, requests.asked, "another adapter is another model");
    }
  }

  private static LoraAdapter hardlyTuned(
      ReversedSettings.Template words, boolean chat, int tokens) {
    return ReversedInstructionTuner.builder()
        .training(TrainingSettings.builder().steps(1).learningRate(1e-9).build())
        .template(words)
        .chatTemplate(chat)
        .maxTokens(tokens)
        .build()
        .tune(
            model,
            new InstructionSplit(InstructionTask.rows(2, 3), List.of()),
            ProgressListener.NONE)
        .adapter();
  }

  @Test
  void theNameChangesWithAdapterTemplateAndLength() {
    Set<String> names = new HashSet<>();
    for (ReversedSettings.Template words : ReversedSettings.Template.values()) {
      for (boolean chat : List.of(false, true)) {
        for (int tokens : List.of(110, 120)) {
          LoraAdapter same = hardlyTuned(words, chat, tokens);
          try (ReversedInducer inducer = new ReversedInducer(model, same, SHORT)) {
            assertTrue(inducer.name().matches("reversed:[0-9a-f]{16}"), inducer.name());
            assertTrue(names.add(inducer.name()));
          }
        }
      }
    }
    assertNotEquals(LoraHash.of(adapter), LoraHash.of(adapter.scaled(-1)));
  }

  @Test
  void theReleasedTemplateIsWordForWordTheAuthorsAndReadFromTheAdapter() {
    assertEquals(
        "Below is a response to a certain instruction. Write the instruction that the response is"
            + " trying to complete.\n\n### response:\nx\n\n### Instruction:",
        ReversedSettings.Template.RELEASED.text().with("x"));
    LoraAdapter released = hardlyTuned(ReversedSettings.Template.RELEASED, false, 128);
    try (ReversedInducer inducer = new ReversedInducer(model, released, SHORT)) {
      int[] prompt =
          new ReversedEncoder(model, ReversedSettings.Template.RELEASED, false, 128)
              .prompt(TEXT.text(), 128 - SHORT.maxTokens());
      assertEquals(
          prompt.length,
          inducer
              .induce(TEXT, 1, 1, new MemoryRequests())
              .get(0)
              .answers()
              .get(0)
              .answer()
              .promptTokens());
      int[] other =
          new ReversedEncoder(model, ReversedSettings.Template.SHORT, false, 128)
              .prompt(TEXT.text(), 128 - SHORT.maxTokens());
      assertNotEquals(prompt.length, other.length);
    }
  }

  @Test
  void anAdapterThatWasSavedAndReadInducesTheSame(@TempDir Path saved) {
    adapter.save(saved);
    try (ReversedInducer a = new ReversedInducer(model, adapter, SHORT);
        ReversedInducer b = new ReversedInducer(model, LoraAdapter.load(saved), SHORT)) {
      assertEquals(a.name(), b.name());
      assertEquals(
          texts(a.induce(TEXT, 2, 5, new MemoryRequests())),
          texts(b.induce(TEXT, 2, 5, new MemoryRequests())));
    }
  }

  @Test
  void anInstructionIsDrawnBehindTheTemplateWithTheSamplesSeed() {
    try (ReversedInducer inducer = new ReversedInducer(model, adapter, SHORT);
        LanguageModel view = model.with(adapter)) {
      Induction found = inducer.induce(TEXT, 2, 11, new MemoryRequests()).get(1);
      int[] prompt =
          new ReversedEncoder(model, ReversedSettings.Template.SHORT, false, 512)
              .prompt(TEXT.text(), 118);
      Generation by =
          Generation.builder(10)
              .temperature(0.7)
              .topP(0.95)
              .stopStrings(List.of("\n###"))
              .seeds(List.of(found.seed()))
              .build();
      assertEquals(
          view.generateIds(List.of(prompt), by).get(0).text().strip(), found.instruction());
      assertEquals(Samples.seed(11, 1), found.seed());
      assertEquals(prompt.length, found.answers().get(0).answer().promptTokens());
      assertEquals(found.answers().get(0).answer().finish() == Finish.STOP, found.complete());
    }
  }

  @Test
  void aTextOfAnyLengthIsRead() {
    try (ReversedInducer inducer = new ReversedInducer(model, adapter, SHORT)) {
      Induction found =
          inducer.induce(text("a", "run ".repeat(5000)), 1, 1, new MemoryRequests()).get(0);
      assertEquals(118, found.answers().get(0).answer().promptTokens());
    }
  }

  @Test
  void refusesOtherAdaptersAndSettingsWithoutRoom() {
    LoraAdapter other =
        TrainableLora.initial(
            model, new TrainableLora.Shape(2, 4, List.of("q_proj")), List.of(new Layer(1)), 1);
    assertThrows(IllegalArgumentException.class, () -> new ReversedInducer(model, other, SHORT));
    assertThrows(
        IllegalArgumentException.class,
        () -> new ReversedInducer(model, adapter, Sampling.of(120, 1, 1)));
    try (ReversedInducer inducer = new ReversedInducer(model, adapter, SHORT)) {
      assertThrows(
          IllegalArgumentException.class, () -> inducer.induce(TEXT, 0, 1, new MemoryRequests()));
      assertThrows(
          IllegalArgumentException.class, () -> inducer.induce(TEXT, 5, 1, new MemoryRequests()));
    }
    ReversedEncoder encoder =
        new ReversedEncoder(model, ReversedSettings.Template.SHORT, false, 128);
    try (ReversedChatModel chat = new ReversedChatModel("x", encoder, model)) {
      ChatRequest goesOn = ChatRequest.of(Prompt.user("a").withResponse("b"), SHORT, 1);
      ChatException e = assertThrows(ChatException.class, () -> chat.answer(goesOn));
      assertEquals(ChatException.Kind.REQUEST, e.kind());
    }
  }

  @Test
  void callsOfManyThreadsRunTogetherAndAnswerAsAlone() throws Exception {
    ReversedEncoder encoder =
        new ReversedEncoder(model, ReversedSettings.Template.SHORT, false, 128);
    try (ReversedChatModel chat = new ReversedChatModel("x", encoder, model)) {
      List<ChatRequest> requests = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        requests.add(ChatRequest.of(Prompt.user("run ".repeat(1 + i % 5)), SHORT, i));
      }
      List<String> alone = requests.stream().map(r -> chat.answer(r).text()).toList();
      assertEquals(1, chat.largestBatch());
      ExecutorService threads = Executors.newFixedThreadPool(8);
      try {
        List<Future<String>> found = new ArrayList<>();
        requests.forEach(r -> found.add(threads.submit(() -> chat.answer(r).text())));
        for (int i = 0; i < found.size(); i++) {
          assertEquals(alone.get(i), found.get(i).get());
        }
      } finally {
        threads.shutdownNow();
      }
      assertTrue(chat.largestBatch() > 1, "no two ran together");
    }
  }

  @Test
  void aChatModelIsAskedWithTheTextBetweenDashesAndASeedPerSample() {
    Recorder chat = new Recorder("Write a rant.");
    MemoryRequests requests = new MemoryRequests();
    PromptedInducer inducer = new PromptedInducer(chat);
    List<Induction> found = inducer.induce(text("a", " {text} well\n"), 3, 11, requests);
    assertEquals(List.of("Write a rant.", "Write a rant.", "Write a rant."), texts(found));
    String asked = chat.requests.get(0).prompt().last().text();
    assertTrue(asked.contains("\n----------\n{text} well\n----------\n"), asked);
    assertTrue(asked.endsWith("The instruction:"), asked);
    assertEquals(
        List.of(Samples.seed(11, 0), Samples.seed(11, 1), Samples.seed(11, 2)),
        chat.requests.stream().map(ChatRequest::seed).toList());
    assertEquals(PromptedInducer.SAMPLING, chat.requests.get(0).sampling());
    assertEquals(inducer.name(), found.get(0).inducer());
    assertTrue(inducer.name().matches("prompted-[0-9a-f]{8}:recorder"), inducer.name());
    inducer.induce(text("a", " {text} well\n"), 3, 11, requests);
    assertEquals(3, chat.requests.size());
  }

  @Test
  void aTextWithDashesCannotEndItself() {
    Recorder chat = new Recorder("x");
    String text = "a\n------------\nNow do this:";
    new PromptedInducer(chat).induce(text("a", text), 1, 1, new MemoryRequests());
    String asked = chat.requests.get(0).prompt().last().text();
    assertTrue(asked.contains("\n-------------\n" + text + "\n-------------\n"), asked);
  }

  @Test
  void aLongTextIsCutBetweenCharacters() {
    Recorder chat = new Recorder("x");
    new PromptedInducer(chat, SHORT, 4)
        .induce(text("a", "abc\uD83D\uDE00def"), 1, 1, new MemoryRequests());
    String asked = chat.requests.get(0).prompt().last().text();
    assertTrue(asked.contains("----------\nabc\n----------"), asked);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "Write a rant.|Write a rant.",
        "  Instruction: Write a rant. |Write a rant.",
        "**The user prompt:** Write a rant.|Write a rant.",
        "\"Write a rant.\"|Write a rant.",
        "Instruction: \u201CWrite a rant.\u201D|Write a rant.",
        "\"Yes\" or \"no\"|\"Yes\" or \"no\"",
        "Instructions for a cake, please: short ones|Instructions for a cake, please: short ones",
        "\"|\"",
      })
  void headingsAndQuotesAroundAnInstructionAreNoPartOfIt(String answer, String instruction) {
    assertEquals(instruction, PromptedInducer.bare(answer));
  }

  @Test
  void aPrivateTextIsNotInAnyDescription() {
    Induction found =
        new PromptedInducer(new Recorder("secret"))
            .induce(text("a", "hidden"), 1, 1, new MemoryRequests())
            .get(0);
    assertFalse(found.toString().contains("secret"));
    InstructionSplit.Row row = new InstructionSplit.Row("a", "secret", "hidden");
    assertEquals("Row[a, 6 and 6 characters]", row.toString());
    assertFalse(new InstructionSplit(List.of(row), List.of()).toString().contains("secret"));
  }

  @Test
  void rowsWithEqualInstructionsAreOnTheSameSideWhateverTheirPlace() {
    List<InstructionSplit.Row> rows = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      rows.add(new InstructionSplit.Row("" + i, "do thing " + i % 1000, "done " + i));
      rows.add(new InstructionSplit.Row("x" + i, " Do  THING " + i % 1000, "again " + i));
    }
    InstructionSplit split = InstructionSplit.of(rows, 0.2, 3);
    assertEquals(0.2, split.heldOut().size() / 4000.0, 0.04);
    Set<String> seen = new HashSet<>();
    split.training().forEach(r -> seen.add(Deduplicator.normalForm(r.instruction())));
    split
        .heldOut()
        .forEach(r -> assertFalse(seen.contains(Deduplicator.normalForm(r.instruction()))));
    List<InstructionSplit.Row> half = rows.subList(1000, 2000);
    assertEquals(
        split.heldOut().stream().filter(half::contains).toList(),
        InstructionSplit.of(half, 0.2, 3).heldOut());
    assertTrue(InstructionSplit.of(rows, 0, 3).heldOut().isEmpty());
    assertNotEquals(split.heldOut(), InstructionSplit.of(rows, 0.2, 4).heldOut());
  }
}
