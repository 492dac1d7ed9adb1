package org.alignment4j.examples.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import org.alignment4j.GuardedChat;

/**
 * A local model behind a guard as LangChain4j's chat model; every rewrite of a guard works here,
 * also that of input embeddings. A blocked request gets the refusal text with finish reason {@code
 * CONTENT_FILTER}; every response's attributes hold the verdict, in the form of {@code
 * Verdict.asMap}. Blocked turns are removed from the history of later requests.
 *
 * <p>A request's maximum output tokens, temperature, top-p, top-k and stop sequences override the
 * chat's settings. Each request is guarded as a whole, so that a system prompt adapts to the whole
 * conversation so far; {@link GuardedChat.Session} keeps the first adapted prompt.
 *
 * <p>Throws {@code UnsupportedFeatureException} for messages that are not text, for tools, and for
 * parameters that the model does not support. Thread-safe.
 */
public final class GuardedLangChainModel implements ChatModel {
  private final GuardedChat chat;

  /** Creates a chat model; the parts of the chat are owned by the caller, who closes them. */
  public GuardedLangChainModel(GuardedChat chat) {
    this.chat = chat;
  }

  @Override
  public ChatResponse doChat(ChatRequest request) {
    return Exchange.answer(chat, request, piece -> {});
  }
}
