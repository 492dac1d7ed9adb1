package org.alignment4j.data.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.CancelledException;
import org.alignment4j.data.request.ChatException.Kind;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatModel.ChatAnswer.Finish;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.testing.RandomChatModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LocalChatModelTests {
  @TempDir static Path folder;
  private static LanguageModel model;

  @BeforeAll
  static void load() throws IOException {
    model = LanguageModel.load(RandomChatModel.write(folder, List.of("one", "two")));
  }

  @AfterAll
  static void free() {
    model.close();
  }

  private static ChatAnswer direct(ChatRequest r) {
    Completion c =
        model
            .generate(
                List.of(r.prompt()),
                Generation.builder(r.sampling().maxTokens())
                    .temperature(r.sampling().temperature())
                    .topP(r.sampling().topP())
                    .stopStrings(r.sampling().stop())
                    .seeds(List.of(r.seed()))
                    .build())
            .get(0);
    return new ChatAnswer(
        c.text(),
        c.finish() == Completion.Finish.LENGTH ? Finish.LENGTH : Finish.STOP,
        model.tokenizer().encode(r.prompt()).length,
        c.ids().length);
  }

  @Test
  void threadsGetTheAnswersThatGenerateGives() throws Exception {
    List<Sampling> samplings =
        List.of(
            Sampling.greedy(12),
            Sampling.of(12, 0.8, 0.9),
            new Sampling(20, 1, 1, List.of("e", "a")));
    List<ChatRequest> requests = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      Prompt prompt = Prompt.user("question " + "x".repeat(i % 5));
      requests.add(
          ChatRequest.of(
              i % 4 == 3 ? prompt.withResponse("one") : prompt, samplings.get(i % 3), i));
    }
    try (LocalChatModel chat =
        LocalChatModel.builder(model).maxBatchSize(6).linger(Duration.ofMillis(50)).build()) {
      ExecutorService threads = Executors.newFixedThreadPool(12);
      List<Future<ChatAnswer>> answers =
          requests.stream().map(r -> threads.submit(() -> chat.answer(r))).toList();
      for (int i = 0; i < requests.size(); i++) {
        assertEquals(direct(requests.get(i)), answers.get(i).get(), "request " + i);
      }
      assertTrue(chat.largestBatch() > 1 && chat.largestBatch() <= 6, "" + chat.largestBatch());
      threads.shutdown();
    }
  }

  @Test
  void theNameSaysWhichModelItIs() {
    try (LocalChatModel plain = LocalChatModel.of(model);
        LocalChatModel view = LocalChatModel.builder(model).suffix("lora-1").build()) {
      assertTrue(plain.name().contains(model.hash()), plain.name());
      assertEquals(plain.name() + "+lora-1", view.name());
      ChatRequest request = ChatRequest.of(Prompt.user("a"), Sampling.greedy(3), 0);
      assertNotEquals(request.key(plain), request.key(view));
    }
  }

  @Test
  void aPromptThatIsTooLongIsTheRequestsFault() {
    try (LocalChatModel chat = LocalChatModel.of(model)) {
      String text = "secret ".repeat(40);
      ChatRequest request = ChatRequest.of(Prompt.user(text), Sampling.greedy(3), 0);
      ChatException e = assertThrows(ChatException.class, () -> chat.answer(request));
      assertEquals(Kind.REQUEST, e.kind());
      assertFalse(e.getMessage().contains("secret"), e.getMessage());
      ChatRequest cold = ChatRequest.of(Prompt.user("a"), Sampling.of(3, 1e-9, 1), 0);
      assertEquals(Kind.REQUEST, assertThrows(ChatException.class, () -> chat.answer(cold)).kind());
    }
  }

  @Test
  void anInterruptLeavesTheOthersAlone() throws Exception {
    try (LocalChatModel chat =
        LocalChatModel.builder(model).linger(Duration.ofMillis(300)).build()) {
      ChatRequest request = ChatRequest.of(Prompt.user("a"), Sampling.greedy(60), 0);
      List<Throwable> seen = new ArrayList<>();
      Thread leaving =
          new Thread(
              () -> {
                try {
                  chat.answer(ChatRequest.of(Prompt.user("b"), Sampling.greedy(60), 0));
                } catch (CancelledException e) {
                  seen.add(e);
                }
              });
      leaving.start();
      ExecutorService other = Executors.newSingleThreadExecutor();
      Future<ChatAnswer> staying = other.submit(() -> chat.answer(request));
      Thread.sleep(320);
      leaving.interrupt();
      leaving.join();
      assertEquals(direct(request), staying.get());
      assertTrue(seen.size() <= 1);
      other.shutdown();
      // Alone, in the middle of its tokens; the next request is answered all the same.
      Thread alone =
          new Thread(
              () ->
                  assertThrows(
                      CancelledException.class,
                      () ->
                          chat.answer(ChatRequest.of(Prompt.user("c"), Sampling.of(90, 1, 1), 0))));
      alone.start();
      Thread.sleep(310);
      alone.interrupt();
      alone.join();
      assertEquals(direct(request), chat.answer(request));
    }
  }

  @Test
  void closingEndsWhatWaits() throws Exception {
    LocalChatModel chat = LocalChatModel.builder(model).linger(Duration.ofSeconds(1)).build();
    ChatRequest request = ChatRequest.of(Prompt.user("a"), Sampling.greedy(3), 0);
    ExecutorService thread = Executors.newSingleThreadExecutor();
    Future<?> waiting =
        thread.submit(() -> assertThrows(IllegalStateException.class, () -> chat.answer(request)));
    Thread.sleep(100);
    chat.close();
    waiting.get();
    thread.shutdown();
    assertThrows(IllegalStateException.class, () -> chat.answer(request));
  }
}
