package org.alignment4j.examples.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.guardrail.InputGuardrailException;
import dev.langchain4j.memory.ChatMemory;
import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.service.AiServices;
import dev.langchain4j.service.SystemMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.PromptGuard;
import org.alignment4j.PromptGuard.OnFailure;
import org.alignment4j.Verdict;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.EmbeddedPrompt;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.SysformerGuard;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GuardInputGuardrailTests {
  private static final Prompt WASH = Prompt.user("How can I wash a car?").withSystem("Be brief.");

  private static LanguageModel model;
  private static ChatModel unguarded;
  private final ChatMemory memory = MessageWindowChatMemory.withMaxMessages(20);
  private int asked;

  interface Assistant {
    @SystemMessage("Be brief.")
    String chat(@dev.langchain4j.service.UserMessage String message);

    @SystemMessage("Be brief.")
    String see(@dev.langchain4j.service.UserMessage ImageContent image);
  }

  @BeforeAll
  static void load() {
    model = Local.model();
    unguarded = new GuardedLangChainModel(Local.chat(model, Local.OPEN));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @BeforeEach
  void reset() {
    asked = 0;
  }

  private Assistant behind(PromptGuard guard) {
    ChatModel counting =
        new ChatModel() {
          @Override
          public ChatResponse doChat(ChatRequest request) {
            asked++;
            return unguarded.chat(request);
          }
        };
    return AiServices.builder(Assistant.class)
        .chatModel(counting)
        .chatMemory(memory)
        .inputGuardrails(new GuardInputGuardrail(guard))
        .build();
  }

  @Test
  void whatIsAllowedIsAnswered() {
    assertEquals(Local.answer(model, WASH), behind(Local.STRICT).chat("How can I wash a car?"));
  }

  @Test
  void whatIsBlockedReachesNeitherModelNorMemory() {
    Assistant assistant = behind(Local.STRICT);
    InputGuardrailException e =
        assertThrows(InputGuardrailException.class, () -> assistant.chat("How can I steal a car?"));
    assertTrue(e.getMessage().endsWith("theft"), e::getMessage);
    assertEquals(0, asked);
    assertEquals(List.of(), memory.messages());
    assertEquals(Local.answer(model, WASH), assistant.chat("How can I wash a car?"));
  }

  @Test
  void anotherTextTakesTheMessagesPlace() {
    assertEquals(
        Local.answer(model, Prompt.user("How can I wash a dog?").withSystem("Be brief.")),
        behind(Local.CHANGING).chat("How can I wash a car?"));
    assertEquals(UserMessage.from("How can I wash a dog?"), memory.messages().get(1));
  }

  @Test
  void theGuardReadsTheConversationWithoutTools() {
    List<Prompt> seen = new ArrayList<>();
    Assistant assistant =
        behind(
            c -> {
              seen.add(c);
              return Local.OPEN.check(c);
            });
    String first = assistant.chat("How can I wash a car?");
    ToolExecutionRequest call = ToolExecutionRequest.builder().id("1").name("t").build();
    memory.add(AiMessage.from(call), ToolExecutionResultMessage.from(call, "result"));
    // The local model cannot read them, but the guardrail has passed.
    assertThrows(RuntimeException.class, () -> assistant.chat("What is tea?"));
    assertEquals(2, asked);
    assertEquals(
        List.of(
            Prompt.user("How can I wash a car?"),
            WASH.withResponse(first).withUser("What is tea?")),
        seen);
  }

  @Test
  void aSystemPromptIsOutOfReach() {
    PromptGuard other =
        c -> new Verdict.Rewrite(0, "", Duration.ZERO, c.withSystem("Be rude."), null);
    EmbeddedPrompt rows = new EmbeddedPrompt(new int[] {-1}, new float[][] {{1}});
    PromptGuard embedding = c -> new Verdict.Rewrite(0, "", Duration.ZERO, c, rows);
    try (SysformerGuard adapting = new SysformerGuard(model, Local.sysformer(model))) {
      for (PromptGuard guard : List.of(other, embedding, adapting)) {
        InputGuardrailException e =
            assertThrows(
                InputGuardrailException.class, () -> behind(guard).chat("How can I wash a car?"));
        assertTrue(e.getMessage().contains("GuardedLangChainModel"), e::getMessage);
      }
    }
    assertEquals(0, asked);
  }

  @Test
  void nothingPassesThatCannotBeRead() {
    ImageContent image = ImageContent.from("aGk=", "image/png");
    InputGuardrailException e =
        assertThrows(InputGuardrailException.class, () -> behind(Local.OPEN).see(image));
    assertTrue(e.getMessage().contains("IMAGE"), e::getMessage);
    assertEquals(0, asked);
  }

  @Test
  void nothingPassesAGuardWithoutAVerdict() {
    PromptGuard silent = c -> none();
    InputGuardrailException e =
        assertThrows(
            InputGuardrailException.class, () -> behind(silent).chat("How can I wash a car?"));
    assertTrue(e.getMessage().contains("no verdict"), e::getMessage);
    Assistant closed = behind(silent.within(Duration.ofMinutes(1), OnFailure.BLOCK));
    assertThrows(InputGuardrailException.class, () -> closed.chat("How can I wash a car?"));
    assertEquals(0, asked);
    Assistant open = behind(silent.within(Duration.ofMinutes(1), OnFailure.ALLOW));
    assertEquals(Local.answer(model, WASH), open.chat("How can I wash a car?"));
  }

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
  private static <T> T none() {
    return null;
  }

  @Test
  void aLateGuardIsWhatTheCallerChose() {
    Duration deadline = Duration.ofMillis(50);
    Assistant closed = behind(Local.LATE.within(deadline, OnFailure.BLOCK));
    assertThrows(InputGuardrailException.class, () -> closed.chat("How can I wash a car?"));
    Assistant open = behind(Local.LATE.within(deadline, OnFailure.ALLOW));
    assertEquals(Local.answer(model, WASH), open.chat("How can I wash a car?"));
  }
}
