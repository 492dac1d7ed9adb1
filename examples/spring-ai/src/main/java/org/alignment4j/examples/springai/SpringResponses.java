package org.alignment4j.examples.springai;

import java.util.List;
import org.alignment4j.GuardedChat;
import org.alignment4j.Verdict;
import org.alignment4j.model.Completion;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/** Creates Spring AI's responses. The metadata of message and response hold the verdict. */
final class SpringResponses {
  private SpringResponses() {}

  /** Returns the refusal that replaces a response. */
  static ChatResponse refusal(String text, Verdict verdict) {
    return response(text, verdict, 0, null);
  }

  /** Returns a piece of a streamed response. */
  static ChatResponse piece(String text) {
    return new ChatResponse(List.of(new Generation(new AssistantMessage(text))));
  }

  /** Returns the end of a streamed response, without text. */
  static ChatResponse end(GuardedChat.Reply reply) {
    return response("", reply.verdict(), reply.promptTokens(), reply.completion());
  }

  /** Returns a whole response. */
  static ChatResponse whole(GuardedChat.Reply reply) {
    return response(reply.text(), reply.verdict(), reply.promptTokens(), reply.completion());
  }

  private static ChatResponse response(
      String text, Verdict verdict, int promptTokens, @Nullable Completion completion) {
    AssistantMessage message =
        AssistantMessage.builder().content(text).properties(verdict.asMap()).build();
    int generated = completion == null ? 0 : completion.ids().length;
    return new ChatResponse(
        List.of(
            new Generation(
                message,
                ChatGenerationMetadata.builder().finishReason(finish(completion)).build())),
        ChatResponseMetadata.builder()
            .usage(new DefaultUsage(promptTokens, generated))
            .metadata(verdict.asMap())
            .build());
  }

  private static String finish(@Nullable Completion completion) {
    if (completion == null) {
      return "CONTENT_FILTER";
    }
    return completion.finish() == Completion.Finish.LENGTH ? "LENGTH" : "STOP";
  }
}
