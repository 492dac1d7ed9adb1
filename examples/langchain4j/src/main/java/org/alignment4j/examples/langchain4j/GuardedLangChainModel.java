package org.alignment4j.examples.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import org.alignment4j.GuardedChat;

/**
 * A local model behind a guard as LangChain4j's chat model; every rewriting works here, that of
 * input embeddings too. What is blocked is answered by the refusal with finish reason {@code
 * CONTENT_FILTER}; every answer's attributes say the verdict, as {@code Verdict.asMap} has it. A
 * later request's history is read without what was blocked.
 *
 * <p>Maximum of output tokens, temperature, top-p, top-k and stop sequences of a request take the
 * place of the chat's own settings. Each request is guarded as a whole, so that a system prompt
 * adapts to all of a conversation so far; {@link GuardedChat.Session} keeps the first.
 *
 * <p>Throws {@code UnsupportedFeatureException} for messages that are not text, tools, and
 * parameters that the model has not. Thread-safe.
 */
public final class GuardedLangChainModel implements ChatModel {
  private final GuardedChat chat;

  /** A chat model; what the chat was made of stays the caller's to close. */
  public GuardedLangChainModel(GuardedChat chat) {
    this.chat = chat;
  }

  @Override
  public ChatResponse doChat(ChatRequest request) {
    return Exchange.answer(chat, request, piece -> {});
  }
}
