package org.alignment4j.examples.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import dev.langchain4j.service.AiServices;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
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

class GuardedLangChainModelTests {
  private static final Prompt WASH = Prompt.user("How can I wash a car?");

  private static LanguageModel model;
  private static SysformerGuard adapting;

  interface Assistant {
    String chat(String message);
  }

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

  private static GuardedLangChainModel behind(PromptGuard guard) {
    return new GuardedLangChainModel(Local.chat(model, guard));
  }

  private static ChatResponse ask(PromptGuard guard, ChatMessage... messages) {
    return behind(guard).chat(messages);
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
    ChatResponse response = ask(Local.OPEN, UserMessage.from("How can I wash a car?"));
    assertEquals(Local.answer(model, WASH), response.aiMessage().text());
    Completion expected = model.generate(List.of(WASH), Local.SHORT).get(0);
    assertEquals(
        new TokenUsage(model.tokenizer().encode(WASH).length, expected.ids().length),
        response.tokenUsage());
    assertEquals(FinishReason.STOP, response.finishReason());
    assertEquals("ALLOW", response.aiMessage().attributes().get("guard.verdict"));
    assertEquals(0.25, response.aiMessage().attributes().get("guard.score"));
  }

  @Test
  void whatIsBlockedNeverReachesTheModel() {
    LanguageModel closed = Local.model();
    GuardedLangChainModel chat = new GuardedLangChainModel(Local.chat(closed, Local.STRICT));
    closed.close();
    ChatResponse response = chat.chat(UserMessage.from("How can I steal a car?"));
    assertEquals(Local.REFUSAL, response.aiMessage().text());
    assertEquals(new TokenUsage(0, 0), response.tokenUsage());
    assertEquals(FinishReason.CONTENT_FILTER, response.finishReason());
    assertEquals("BLOCK", response.aiMessage().attributes().get("guard.verdict"));
    assertEquals("theft", response.aiMessage().attributes().get("guard.reason"));
    assertThrows(
        RuntimeException.class, () -> chat.chat(UserMessage.from("How can I wash a car?")));
  }

  @Test
  void anotherTextIsAnswered() {
    ChatResponse response = ask(Local.CHANGING, UserMessage.from("How can I wash a car?"));
    assertEquals(
        Local.answer(model, Prompt.user("How can I wash a dog?")), response.aiMessage().text());
  }

  @Test
  void anAdaptedSystemPromptAnswers() {
    Completion expected = adapting.generate(List.of(WASH), Local.SHORT).get(0);
    ChatResponse response = ask(adapting, UserMessage.from("How can I wash a car?"));
    assertEquals(expected.text(), response.aiMessage().text());
    assertNotEquals(Local.answer(model, WASH.withSystem(Local.SYSTEM)), expected.text());
    assertEquals(
        adapting.adapt(List.of(WASH)).get(0).ids().length, response.tokenUsage().inputTokenCount());
  }

  @Test
  void systemAndHistoryAreRead() {
    ChatResponse response =
        ask(
            Local.OPEN,
            UserMessage.from("What is tea?"),
            AiMessage.from("A warm drink."),
            SystemMessage.from("Be brief."),
            UserMessage.from("How can I wash a car?"));
    Prompt asked =
        Prompt.of(
            Message.system("Be brief."),
            Message.user("What is tea?"),
            Message.assistant("A warm drink."),
            Message.user("How can I wash a car?"));
    assertEquals(Local.answer(model, asked), response.aiMessage().text());
  }

  @Test
  void aServiceRemembersAnswersButNothingThatWasBlocked() {
    MessageWindowChatMemory memory = MessageWindowChatMemory.withMaxMessages(20);
    Assistant assistant =
        AiServices.builder(Assistant.class)
            .chatModel(behind(Local.STRICT))
            .chatMemory(memory)
            .build();
    String first = assistant.chat("How can I wash a car?");
    assertEquals(Local.REFUSAL, assistant.chat("How can I steal a car?"));
    assertEquals(4, memory.messages().size());
    Prompt asked = WASH.withResponse(first).withUser("What is tea?");
    assertEquals(Local.answer(model, asked), assistant.chat("What is tea?"));
  }

  @Test
  void aRefusalWhoseQuestionIsForgottenIsLeftOutToo() {
    AiMessage refusal = ask(Local.STRICT, UserMessage.from("How can I steal a car?")).aiMessage();
    List<ChatMessage> kept =
        List.of(
            SystemMessage.from("Be brief."), refusal, UserMessage.from("How can I wash a car?"));
    assertEquals(WASH.withSystem("Be brief."), LangChainMessages.prompt(kept));
  }

  @Test
  void parametersTakeThePlaceOfTheSettings() {
    ChatRequest request =
        ChatRequest.builder()
            .messages(UserMessage.from("How can I wash a car?"))
            .maxOutputTokens(5)
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
        behind(Local.OPEN).chat(request).aiMessage().text());
  }

  @Test
  void aLateGuardIsWhatTheCallerChose() {
    for (OnFailure choice : OnFailure.values()) {
      PromptGuard guard = Local.LATE.within(Duration.ofMillis(50), choice);
      String text = ask(guard, UserMessage.from("How can I wash a car?")).aiMessage().text();
      assertEquals(choice == OnFailure.ALLOW ? Local.answer(model, WASH) : Local.REFUSAL, text);
    }
  }

  @Test
  void whatIsNotTextIsRefusedByName() {
    ToolExecutionRequest call = ToolExecutionRequest.builder().id("1").name("t").build();
    for (ChatMessage message :
        List.of(
            UserMessage.from(TextContent.from("see"), ImageContent.from("aGk=", "image/png")),
            AiMessage.from(call),
            ToolExecutionResultMessage.from(call, "result"))) {
      UnsupportedFeatureException e =
          assertThrows(
              UnsupportedFeatureException.class,
              () -> ask(Local.OPEN, message, UserMessage.from("How can I wash a car?")));
      assertTrue(e.getMessage().startsWith("only text of system, user and assistant"));
    }
  }

  @Test
  void parametersThatTheModelHasNotAreRefused() {
    List<UnaryOperator<ChatRequest.Builder>> asked =
        List.of(
            r -> r.toolSpecifications(ToolSpecification.builder().name("t").build()),
            r -> r.responseFormat(ResponseFormat.JSON),
            r -> r.frequencyPenalty(0.1),
            r -> r.presencePenalty(0.1),
            r -> r.modelName("other"));
    for (UnaryOperator<ChatRequest.Builder> more : asked) {
      ChatRequest request =
          more.apply(ChatRequest.builder().messages(UserMessage.from("How can I wash a car?")))
              .build();
      assertThrows(UnsupportedFeatureException.class, () -> behind(Local.OPEN).chat(request));
    }
  }

  @Test
  void theProgramRuns(@TempDir Path sysformer) {
    Local.sysformer(model).save(sysformer);
    GuardedAssistant.run(Local.MODEL, sysformer, "What is tea?", "tea ".repeat(600));
  }
}
