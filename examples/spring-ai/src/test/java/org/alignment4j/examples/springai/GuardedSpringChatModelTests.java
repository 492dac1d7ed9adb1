package org.alignment4j.examples.springai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.alignment4j.GuardedChat;
import org.alignment4j.PromptGuard;
import org.alignment4j.PromptGuard.OnFailure;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.SysformerGuard;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.advisor.MessageChatMemoryAdvisor;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.content.Media;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.util.MimeTypeUtils;
import reactor.core.publisher.Hooks;

class GuardedSpringChatModelTests {
  private static final Prompt WASH = Prompt.user("How can I wash a car?");
  private static final UserMessage ASKED = new UserMessage("How can I wash a car?");
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private static LanguageModel model;
  private static SysformerGuard adapting;

  @BeforeAll
  static void load() {
    model = Local.model();
    adapting = new SysformerGuard(model, Local.sysformer(model));
  }

  @AfterAll
  static void close() {
    adapting.close();
    model.close();
  }

  private static GuardedSpringChatModel behind(PromptGuard guard) {
    return new GuardedSpringChatModel(Local.chat(model, guard));
  }

  private static org.springframework.ai.chat.prompt.Prompt prompt(
      org.springframework.ai.chat.messages.Message... messages) {
    return new org.springframework.ai.chat.prompt.Prompt(messages);
  }

  private static ChatResponse ask(
      PromptGuard guard, org.springframework.ai.chat.messages.Message... messages) {
    return behind(guard).call(prompt(messages));
  }

  private static String text(ChatResponse response) {
    return response.getResult().getOutput().getText();
  }

  /** So that equal answers mean equal prompts. */
  @Test
  void theModelTellsPromptsApart() {
    List<Prompt> prompts =
        List.of(
            WASH,
            WASH.withSystem("Be brief."),
            WASH.withSystem(Local.SYSTEM),
            Prompt.user("How can I wash a dog?"),
            Prompt.user("What is tea?"),
            WASH.withResponse(Local.answer(model, WASH)).withUser("What is tea?"));
    assertEquals(
        prompts.size(), prompts.stream().map(p -> Local.answer(model, p)).distinct().count());
  }

  @Test
  void whatIsAllowedIsAnsweredByTheModel() {
    ChatResponse response = ask(Local.OPEN, ASKED);
    Completion expected = model.generate(List.of(WASH), Local.SHORT).get(0);
    assertEquals(expected.text(), text(response));
    assertEquals("STOP", response.getResult().getMetadata().getFinishReason());
    assertEquals(
        model.tokenizer().encode(WASH).length, response.getMetadata().getUsage().getPromptTokens());
    assertEquals(expected.ids().length, response.getMetadata().getUsage().getCompletionTokens());
    assertEquals("ALLOW", response.getMetadata().get("guard.verdict"));
    assertEquals(0.25, (double) response.getMetadata().get("guard.score"));
  }

  @Test
  void whatIsBlockedNeverReachesTheModel() {
    LanguageModel closed = Local.model();
    GuardedSpringChatModel chat = new GuardedSpringChatModel(Local.chat(closed, Local.STRICT));
    closed.close();
    ChatResponse response = chat.call(prompt(new UserMessage("How can I steal a car?")));
    assertEquals(Local.REFUSAL, text(response));
    assertEquals("CONTENT_FILTER", response.getResult().getMetadata().getFinishReason());
    assertEquals(0, response.getMetadata().getUsage().getTotalTokens());
    assertEquals("BLOCK", response.getMetadata().get("guard.verdict"));
    assertEquals("theft", response.getMetadata().get("guard.reason"));
    assertThrows(RuntimeException.class, () -> chat.call(prompt(ASKED)));
  }

  @Test
  void anotherTextIsAnswered() {
    assertEquals(
        Local.answer(model, Prompt.user("How can I wash a dog?")),
        text(ask(Local.CHANGING, ASKED)));
  }

  @Test
  void anAdaptedSystemPromptAnswers() {
    Completion expected = adapting.generate(List.of(WASH), Local.SHORT).get(0);
    ChatResponse response = ask(adapting, ASKED);
    assertEquals(expected.text(), text(response));
    assertNotEquals(Local.answer(model, WASH.withSystem(Local.SYSTEM)), expected.text());
    assertEquals(
        adapting.adapt(List.of(WASH)).get(0).ids().length,
        response.getMetadata().getUsage().getPromptTokens());
    List<ChatResponse> streamed =
        behind(adapting).stream(prompt(ASKED)).collectList().block(MINUTE);
    assertEquals(expected.text(), joined(streamed));
  }

  @Test
  void systemAndHistoryAreRead() {
    ChatResponse response =
        ask(
            Local.OPEN,
            new UserMessage("What is tea?"),
            new AssistantMessage("A warm drink."),
            new SystemMessage("Be brief."),
            ASKED);
    Prompt asked =
        Prompt.of(
            Message.system("Be brief."),
            Message.user("What is tea?"),
            Message.assistant("A warm drink."),
            Message.user("How can I wash a car?"));
    assertEquals(Local.answer(model, asked), text(response));
  }

  @Test
  void aClientRemembersAnswersButNothingThatWasBlocked() {
    for (boolean streaming : new boolean[] {false, true}) {
      MessageWindowChatMemory memory = MessageWindowChatMemory.builder().build();
      ChatClient client =
          ChatClient.builder(behind(Local.STRICT))
              .defaultAdvisors(MessageChatMemoryAdvisor.builder(memory).build())
              .build();
      String first = say(client, "How can I wash a car?", streaming);
      assertEquals(Local.REFUSAL, say(client, "How can I steal a car?", streaming));
      assertEquals(4, memory.get("default").size());
      Prompt asked = WASH.withResponse(first).withUser("What is tea?");
      assertEquals(Local.answer(model, asked), say(client, "What is tea?", streaming));
    }
  }

  private static String say(ChatClient client, String text, boolean streaming) {
    return streaming
        ? String.join("", client.prompt(text).stream().content().collectList().block(MINUTE))
        : client.prompt(text).call().content();
  }

  @Test
  void optionsTakeThePlaceOfTheSettings() {
    ChatOptions options =
        ChatOptions.builder()
            .maxTokens(5)
            .temperature(0.9)
            .topP(0.8)
            .topK(40)
            .stopSequences(List.of("x"))
            .build();
    Generation settings =
        Local.SHORT.toBuilder()
            .maxNewTokens(5)
            .temperature(0.9)
            .topP(0.8)
            .topK(40)
            .stopStrings(List.of("x"))
            .build();
    assertEquals(
        model.generate(List.of(WASH), settings).get(0).text(),
        ChatClient.create(behind(Local.OPEN))
            .prompt("How can I wash a car?")
            .options(options)
            .call()
            .content());
  }

  @Test
  void aLateGuardIsWhatTheCallerChose() {
    for (OnFailure choice : OnFailure.values()) {
      String text = text(ask(Local.LATE.within(Duration.ofMillis(50), choice), ASKED));
      assertEquals(choice == OnFailure.ALLOW ? Local.answer(model, WASH) : Local.REFUSAL, text);
    }
  }

  @Test
  void whatIsNotTextIsRefusedByName() {
    AssistantMessage.ToolCall call = new AssistantMessage.ToolCall("1", "function", "t", "{}");
    ToolResponseMessage.ToolResponse result = new ToolResponseMessage.ToolResponse("1", "t", "r");
    for (org.springframework.ai.chat.messages.Message message :
        List.of(
            UserMessage.builder()
                .text("see")
                .media(new Media(MimeTypeUtils.IMAGE_PNG, URI.create("file:a.png")))
                .build(),
            AssistantMessage.builder().content("").toolCalls(List.of(call)).build(),
            ToolResponseMessage.builder().responses(List.of(result)).build())) {
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> ask(Local.OPEN, message, ASKED));
      assertTrue(e.getMessage().startsWith("only text of system, user and assistant"));
    }
  }

  @Test
  void optionsThatTheModelHasNotAreRefused() {
    for (ChatOptions options :
        List.of(
            ChatOptions.builder().frequencyPenalty(0.1).build(),
            ChatOptions.builder().presencePenalty(0.1).build(),
            ChatOptions.builder().model("other").build(),
            ToolCallingChatOptions.builder().toolNames("t").build())) {
      org.springframework.ai.chat.prompt.Prompt asked =
          new org.springframework.ai.chat.prompt.Prompt(List.of(ASKED), options);
      assertThrows(IllegalArgumentException.class, () -> behind(Local.OPEN).call(asked));
    }
  }

  private static String joined(List<ChatResponse> streamed) {
    return String.join("", streamed.stream().map(GuardedSpringChatModelTests::text).toList());
  }

  @Test
  void piecesAreTheCallsTextOnAnotherThread() {
    AtomicReference<Thread> thread = new AtomicReference<>();
    List<ChatResponse> streamed =
        behind(Local.OPEN).stream(prompt(ASKED))
            .doOnNext(r -> thread.set(Thread.currentThread()))
            .collectList()
            .block(MINUTE);
    ChatResponse expected = ask(Local.OPEN, ASKED);
    assertEquals(text(expected), joined(streamed));
    assertTrue(streamed.size() > 2, streamed::toString);
    ChatResponse end = streamed.get(streamed.size() - 1);
    assertEquals("STOP", end.getResult().getMetadata().getFinishReason());
    assertEquals("ALLOW", end.getMetadata().get("guard.verdict"));
    assertEquals(
        expected.getMetadata().getUsage().getTotalTokens(),
        end.getMetadata().getUsage().getTotalTokens());
    assertNotEquals(Thread.currentThread(), thread.get());
  }

  @Test
  void errorsAreTheStreams() {
    IllegalStateException failure = new IllegalStateException("broken");
    PromptGuard failing =
        c -> {
          throw failure;
        };
    List<Throwable> heard = new ArrayList<>();
    behind(failing).stream(prompt(ASKED)).doOnError(heard::add).onErrorComplete().blockLast(MINUTE);
    assertSame(failure, heard.get(0));
  }

  @Test
  void cancellingEndsGeneration() throws InterruptedException {
    Generation many = Generation.greedy(120).ignoringEnd();
    GuardedSpringChatModel chat =
        new GuardedSpringChatModel(new GuardedChat(model, Local.OPEN, many, Local.REFUSAL));
    List<Throwable> dropped = new ArrayList<>();
    Hooks.onErrorDropped(dropped::add);
    try {
      // 2 of 120 tokens take a sixtieth of the time; a pause of the machine can hide that once, not
      // five times.
      boolean early = false;
      for (int i = 0; i < 5 && !early; i++) {
        long start = System.nanoTime();
        chat.call(prompt(ASKED));
        long whole = System.nanoTime() - start;
        early = nanosOfTwoTokens(chat) < whole / 2;
      }
      assertTrue(early, "what nobody hears is generated to its end");
      assertEquals(List.of(), dropped);
    } finally {
      Hooks.resetOnErrorDropped();
    }
  }

  /** Until a thread whose stream was cancelled after two tokens has left the generation. */
  private static long nanosOfTwoTokens(GuardedSpringChatModel chat) throws InterruptedException {
    AtomicReference<Thread> thread = new AtomicReference<>();
    long start = System.nanoTime();
    List<ChatResponse> streamed =
        chat.stream(prompt(ASKED))
            .doOnNext(r -> thread.set(Thread.currentThread()))
            .take(2)
            .collectList()
            .block(MINUTE);
    assertEquals(2, streamed.size());
    while (isAnswering(thread.get())) {
      Thread.sleep(1);
    }
    return System.nanoTime() - start;
  }

  private static boolean isAnswering(Thread thread) {
    return Arrays.stream(thread.getStackTrace())
        .anyMatch(frame -> frame.getClassName().equals(GuardedChat.class.getName()));
  }

  @Test
  void theProgramRuns(@TempDir Path sysformer) {
    Local.sysformer(model).save(sysformer);
    List<String> questions = List.of("What is tea?", "tea ".repeat(600), "What is tea?");
    GuardedClient.run(Local.MODEL, sysformer, questions);
  }
}
