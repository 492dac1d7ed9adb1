package org.alignment4j.examples.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.service.AiServices;
import dev.langchain4j.service.TokenStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.alignment4j.PromptGuard;
import org.alignment4j.core.CancelledException;
import org.alignment4j.model.LanguageModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GuardedStreamingChatModelTests {
  private static final UserMessage WASH = UserMessage.from("How can I wash a car?");

  private static LanguageModel model;
  private ExecutorService executor;

  interface Assistant {
    TokenStream chat(String message);
  }

  /** What a handler heard. */
  private static class Heard implements StreamingChatResponseHandler {
    final List<String> pieces = new ArrayList<>();
    final CompletableFuture<ChatResponse> end = new CompletableFuture<>();
    Thread thread;

    @Override
    public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
      pieces.add(piece.text());
      thread = Thread.currentThread();
    }

    @Override
    public void onCompleteResponse(ChatResponse response) {
      end.complete(response);
    }

    @Override
    public void onError(Throwable error) {
      end.completeExceptionally(error);
    }

    ChatResponse response() throws Exception {
      return end.get(60, TimeUnit.SECONDS);
    }

    Throwable error() {
      return Assertions.assertThrows(ExecutionException.class, this::response).getCause();
    }
  }

  @BeforeAll
  static void load() {
    model = Local.model();
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @BeforeEach
  void start() {
    executor = Executors.newSingleThreadExecutor();
  }

  @AfterEach
  void stop() {
    executor.shutdownNow();
  }

  private GuardedStreamingChatModel behind(PromptGuard guard) {
    return new GuardedStreamingChatModel(Local.chat(model, guard), executor);
  }

  /** Waits for the thread to be done with what was asked before. */
  private void settle() throws Exception {
    executor.submit(() -> {}).get(60, TimeUnit.SECONDS);
  }

  @Test
  void piecesAreTheCallsTextOnAnotherThread() throws Exception {
    Heard heard = new Heard();
    behind(Local.OPEN).chat(List.of(WASH), heard);
    ChatResponse expected = new GuardedLangChainModel(Local.chat(model, Local.OPEN)).chat(WASH);
    ChatResponse response = heard.response();
    assertEquals(expected.aiMessage().text(), String.join("", heard.pieces));
    assertEquals(expected.aiMessage().text(), response.aiMessage().text());
    assertEquals(expected.tokenUsage(), response.tokenUsage());
    assertEquals(expected.finishReason(), response.finishReason());
    assertTrue(heard.pieces.size() > 1, heard.pieces::toString);
    assertNotEquals(Thread.currentThread(), heard.thread);
  }

  @Test
  void aRefusalIsOnePiece() throws Exception {
    Heard heard = new Heard();
    behind(Local.STRICT).chat("How can I steal a car?", heard);
    assertEquals(Local.REFUSAL, heard.response().aiMessage().text());
    assertEquals(List.of(Local.REFUSAL), heard.pieces);
  }

  @Test
  void whatGoesWrongIsAnError() {
    IllegalStateException failure = new IllegalStateException("broken");
    PromptGuard failing =
        c -> {
          throw failure;
        };
    Heard heard = new Heard();
    behind(failing).chat(List.of(WASH), heard);
    assertSame(failure, heard.error());
    heard = new Heard();
    UserMessage image = UserMessage.from(ImageContent.from("aGk=", "image/png"));
    behind(Local.OPEN).chat(List.of(image), heard);
    assertEquals(UnsupportedFeatureException.class, heard.error().getClass());
  }

  @Test
  void whatAHandlerThrowsIsAnError() {
    IllegalStateException failure = new IllegalStateException("full");
    Heard heard =
        new Heard() {
          @Override
          public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
            throw failure;
          }
        };
    behind(Local.OPEN).chat(List.of(WASH), heard);
    assertSame(failure, heard.error());
  }

  @Test
  void cancellingEndsIt() throws Exception {
    Heard heard =
        new Heard() {
          @Override
          public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
            super.onPartialResponse(piece, context);
            context.streamingHandle().cancel();
          }
        };
    behind(Local.OPEN).chat(List.of(WASH), heard);
    settle();
    assertEquals(1, heard.pieces.size());
    assertTrue(!heard.end.isDone());
  }

  @Test
  void interruptingIsAnError() {
    Heard heard =
        new Heard() {
          @Override
          public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
            Thread.currentThread().interrupt();
          }
        };
    behind(Local.OPEN).chat(List.of(WASH), heard);
    assertEquals(CancelledException.class, heard.error().getClass());
  }

  @Test
  void aServiceStreams() throws Exception {
    Assistant assistant =
        AiServices.builder(Assistant.class)
            .streamingChatModel(behind(Local.STRICT))
            .inputGuardrails(new GuardInputGuardrail(Local.OPEN))
            .build();
    for (String text : List.of("How can I wash a car?", "How can I steal a car?")) {
      CompletableFuture<ChatResponse> end = new CompletableFuture<>();
      StringBuilder pieces = new StringBuilder();
      assistant
          .chat(text)
          .onPartialResponse(pieces::append)
          .onCompleteResponse(end::complete)
          .onError(end::completeExceptionally)
          .start();
      String answer = end.get(60, TimeUnit.SECONDS).aiMessage().text();
      assertEquals(answer, pieces.toString());
      assertEquals(text.contains("steal"), answer.equals(Local.REFUSAL));
    }
  }
}
