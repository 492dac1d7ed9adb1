package org.alignment4j.examples.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import java.util.function.Consumer;
import org.alignment4j.GuardedChat;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.jspecify.annotations.Nullable;

/** One request to a guarded chat and its response, in LangChain4j's terms. */
final class Exchange {
  private Exchange() {}

  /**
   * Generates the response to a request.
   *
   * @param listener called with pieces of the response in order, on this thread
   * @throws UnsupportedFeatureException if the request needs a feature that the model lacks
   */
  static ChatResponse answer(GuardedChat chat, ChatRequest request, Consumer<String> listener) {
    Generation settings = settings(request, chat.settings());
    GuardedChat.Reply reply =
        chat.reply(LangChainMessages.prompt(request.messages()), settings, listener);
    Completion completion = reply.completion();
    int generated = completion == null ? 0 : completion.ids().length;
    return ChatResponse.builder()
        .aiMessage(
            AiMessage.builder().text(reply.text()).attributes(reply.verdict().asMap()).build())
        .tokenUsage(new TokenUsage(reply.promptTokens(), generated))
        .finishReason(finish(completion))
        .build();
  }

  private static Generation settings(ChatRequest request, Generation defaults) {
    reject(
        "tools", request.toolSpecifications() != null && !request.toolSpecifications().isEmpty());
    reject(
        "JSON response format",
        request.responseFormat() != null
            && request.responseFormat().type() == ResponseFormatType.JSON);
    reject("frequency penalty", request.frequencyPenalty() != null);
    reject("presence penalty", request.presencePenalty() != null);
    reject("choice of models", request.modelName() != null);
    Generation.Builder settings = defaults.toBuilder();
    if (request.maxOutputTokens() != null) {
      settings.maxNewTokens(request.maxOutputTokens());
    }
    if (request.temperature() != null) {
      settings.temperature(request.temperature());
    }
    if (request.topP() != null) {
      settings.topP(request.topP());
    }
    if (request.topK() != null) {
      settings.topK(request.topK());
    }
    if (request.stopSequences() != null && !request.stopSequences().isEmpty()) {
      settings.stopStrings(request.stopSequences());
    }
    return settings.build();
  }

  private static void reject(String what, boolean requested) {
    if (requested) {
      throw new UnsupportedFeatureException("a guarded local model does not support " + what);
    }
  }

  private static FinishReason finish(@Nullable Completion completion) {
    if (completion == null) {
      return FinishReason.CONTENT_FILTER;
    }
    return completion.finish() == Completion.Finish.LENGTH
        ? FinishReason.LENGTH
        : FinishReason.STOP;
  }
}
