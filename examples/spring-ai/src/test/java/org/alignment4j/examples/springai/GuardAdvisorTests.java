package org.alignment4j.examples.springai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.alignment4j.PromptGuard;
import org.alignment4j.PromptGuard.OnFailure;
import org.alignment4j.Verdict;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.SysformerGuard;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.MessageChatMemoryAdvisor;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.util.MimeTypeUtils;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;

class GuardAdvisorTests {
  private static final Prompt WASH = Prompt.user("How can I wash a car?");
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private static LanguageModel model;
  private static ChatModel unguarded;
  private int asked;

  @BeforeAll
  static void load() {
    model = Local.model();
    unguarded = new GuardedSpringChatModel(Local.chat(model, Local.OPEN));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @BeforeEach
  void reset() {
    asked = 0;
  }

  private ChatClient.Builder behind(PromptGuard guard) {
    ChatModel counting =
        new ChatModel() {
          @Override
          public ChatResponse call(org.springframework.ai.chat.prompt.Prompt prompt) {
            asked++;
            return unguarded.call(prompt);
          }

          @Override
          public Flux<ChatResponse> stream(org.springframework.ai.chat.prompt.Prompt prompt) {
            asked++;
            return unguarded.stream(prompt);
          }
        };
    return ChatClient.builder(counting).defaultAdvisors(new GuardAdvisor(guard, Local.REFUSAL, 0));
  }

  private static String call(ChatClient client, String text) {
    return client.prompt(text).call().content();
  }

  private static String stream(ChatClient client, String text) {
    return String.join("", client.prompt(text).stream().content().collectList().block(MINUTE));
  }

  @Test
  void whatIsAllowedIsAnswered() {
    ChatClient client = behind(Local.STRICT).build();
    ChatClientResponse response =
        client.prompt("How can I wash a car?").call().chatClientResponse();
    assertEquals(
        Local.answer(model, WASH), response.chatResponse().getResult().getOutput().getText());
    assertInstanceOf(Verdict.Allow.class, response.context().get(GuardAdvisor.VERDICT));
    assertEquals(Local.answer(model, WASH), stream(client, "How can I wash a car?"));
    assertEquals(2, asked);
  }

  @Test
  void whatIsBlockedIsRefusedWithoutTheModel() {
    ChatClient client = behind(Local.STRICT).build();
    ChatClientResponse called = client.prompt("How can I steal a car?").call().chatClientResponse();
    ChatClientResponse streamed =
        client.prompt("How can I steal a car?").stream().chatClientResponse().blockLast(MINUTE);
    for (ChatClientResponse response : List.of(called, streamed)) {
      ChatResponse chat = response.chatResponse();
      assertEquals(Local.REFUSAL, chat.getResult().getOutput().getText());
      assertEquals("CONTENT_FILTER", chat.getResult().getMetadata().getFinishReason());
      assertEquals("BLOCK", chat.getMetadata().get("guard.verdict"));
      assertEquals(1.0, (double) chat.getMetadata().get("guard.score"));
      assertEquals("theft", chat.getMetadata().get("guard.reason"));
      assertInstanceOf(Verdict.Block.class, response.context().get(GuardAdvisor.VERDICT));
    }
    assertEquals(0, asked);
  }

  @Test
  void anotherTextGoesOn() {
    ChatClient client = behind(Local.CHANGING).build();
    String expected = Local.answer(model, Prompt.user("How can I wash a dog?"));
    assertEquals(expected, call(client, "How can I wash a car?"));
    assertEquals(expected, stream(client, "How can I wash a car?"));
  }

  @Test
  void aSystemPromptGoesOn() {
    PromptGuard adding =
        c -> new Verdict.Rewrite(0, "", Duration.ZERO, c.withSystem("Be brief."), null);
    ChatClient client = behind(adding).defaultSystem("Be long.").build();
    assertEquals(
        Local.answer(model, WASH.withSystem("Be brief.")), call(client, "How can I wash a car?"));
  }

  @Test
  void embeddingsAreOutOfReach() {
    try (SysformerGuard adapting = new SysformerGuard(model, Local.sysformer(model))) {
      ChatClient client = behind(adapting).build();
      assertThrows(
          UnsupportedOperationException.class, () -> call(client, "How can I wash a car?"));
      assertThrows(
          UnsupportedOperationException.class, () -> stream(client, "How can I wash a car?"));
    }
    assertEquals(0, asked);
  }

  @Test
  void nothingPassesAGuardWithoutAVerdict() {
    PromptGuard overflowing =
        c -> {
          throw new StackOverflowError();
        };
    PromptGuard silent = c -> none();
    for (PromptGuard guard : List.of(silent, overflowing)) {
      ChatClient client = behind(guard).build();
      assertThrows(Throwable.class, () -> call(client, "How can I wash a car?"));
      assertThrows(RuntimeException.class, () -> stream(client, "How can I wash a car?"));
      ChatClient closed = behind(guard.within(MINUTE, OnFailure.BLOCK)).build();
      assertEquals(Local.REFUSAL, call(closed, "How can I wash a car?"));
      assertEquals(Local.REFUSAL, stream(closed, "How can I wash a car?"));
    }
    assertEquals(0, asked);
  }

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
  private static <T> T none() {
    return null;
  }

  @Test
  void aBlockedTurnLeavesNoTrace() {
    List<Prompt> seen = new ArrayList<>();
    PromptGuard watching =
        c -> {
          seen.add(c);
          return Local.STRICT.check(c);
        };
    MessageWindowChatMemory memory = MessageWindowChatMemory.builder().build();
    ChatClient client =
        behind(watching).defaultAdvisors(MessageChatMemoryAdvisor.builder(memory).build()).build();
    String first = call(client, "How can I wash a car?");
    assertEquals(Local.REFUSAL, call(client, "How can I steal a car?"));
    assertEquals(Local.REFUSAL, stream(client, "How can I steal a car?"));
    assertEquals(6, memory.get("default").size());
    Prompt next = WASH.withResponse(first).withUser("What is tea?");
    assertEquals(Local.answer(model, next), call(client, "What is tea?"));
    assertEquals(next, seen.get(seen.size() - 1));
  }

  @Test
  void whatToolsSaidStaysWhereItIs() {
    AssistantMessage.ToolCall call = new AssistantMessage.ToolCall("1", "function", "t", "{}");
    ToolResponseMessage.ToolResponse result = new ToolResponseMessage.ToolResponse("1", "t", "r");
    AssistantMessage calls =
        AssistantMessage.builder().content("").toolCalls(List.of(call)).build();
    Message results = ToolResponseMessage.builder().responses(List.of(result)).build();
    UserMessage question = UserMessage.builder().text("old").metadata(Map.of("kept", true)).build();
    List<Message> messages =
        List.of(new SystemMessage("a"), question, calls, results, new AssistantMessage("b"));
    List<Message> changed =
        SpringMessages.rewritten(messages, Prompt.user("new").withResponse("c").withSystem("d"));
    assertEquals(
        List.of("d", "new", "", "", "c"),
        changed.stream().map(m -> m.getText() == null ? "" : m.getText()).toList());
    assertEquals(calls, changed.get(2));
    assertEquals(results, changed.get(3));
    assertEquals(true, changed.get(1).getMetadata().get("kept"));
    for (Prompt other : List.of(Prompt.user("new"), Prompt.user("x").withUser("y"))) {
      assertThrows(IllegalArgumentException.class, () -> SpringMessages.rewritten(messages, other));
    }
    Prompt longer = Prompt.user("new").withResponse("c").withUser("more");
    assertThrows(IllegalArgumentException.class, () -> SpringMessages.rewritten(messages, longer));
  }

  @Test
  void nothingPassesThatCannotBeRead() {
    ChatClient client = behind(Local.OPEN).build();
    assertThrows(
        IllegalArgumentException.class,
        () ->
            client
                .prompt()
                .user(
                    u ->
                        u.text("see")
                            .media(MimeTypeUtils.IMAGE_PNG, new ByteArrayResource(new byte[1])))
                .call()
                .content());
    assertEquals(0, asked);
  }

  @Test
  void aLateGuardIsWhatTheCallerChose() {
    Duration deadline = Duration.ofMillis(50);
    ChatClient closed = behind(Local.LATE.within(deadline, OnFailure.BLOCK)).build();
    assertEquals(Local.REFUSAL, call(closed, "How can I wash a car?"));
    assertEquals(Local.REFUSAL, stream(closed, "How can I wash a car?"));
    assertEquals(0, asked);
    ChatClient open = behind(Local.LATE.within(deadline, OnFailure.ALLOW)).build();
    assertEquals(Local.answer(model, WASH), stream(open, "How can I wash a car?"));
  }

  @Test
  void aGuardsErrorIsTheStreams() {
    PromptGuard failing =
        c -> {
          throw new IllegalStateException("broken");
        };
    ChatClient client = behind(failing).build();
    assertThrows(IllegalStateException.class, () -> stream(client, "What is tea?"));
    assertEquals(0, asked);
  }

  @Test
  void inAStreamTheGuardRunsElsewhereAndCanBeCancelled() throws InterruptedException {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    AtomicReference<Thread> thread = new AtomicReference<>();
    PromptGuard slow =
        c -> {
          thread.set(Thread.currentThread());
          started.countDown();
          try {
            return Local.LATE.check(c);
          } finally {
            ended.countDown();
          }
        };
    List<Throwable> dropped = new ArrayList<>();
    Hooks.onErrorDropped(dropped::add);
    Disposable running = behind(slow).build().prompt("What is tea?").stream().content().subscribe();
    assertTrue(started.await(60, TimeUnit.SECONDS));
    running.dispose();
    assertTrue(ended.await(30, TimeUnit.SECONDS));
    Thread.sleep(50);
    Hooks.resetOnErrorDropped();
    assertEquals(List.of(), dropped);
    assertNotEquals(Thread.currentThread(), thread.get());
    assertEquals(0, asked);
  }
}
