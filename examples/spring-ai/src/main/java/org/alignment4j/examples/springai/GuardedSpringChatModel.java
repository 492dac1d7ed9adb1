package org.alignment4j.examples.springai;

import java.util.function.Consumer;
import org.alignment4j.GuardedChat;
import org.alignment4j.core.CancelledException;
import org.alignment4j.model.Generation;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.scheduler.Schedulers;

/**
 * A local model behind a guard as Spring AI's chat model; every rewriting works here, that of input
 * embeddings too. What is blocked is answered by the refusal with finish reason {@code
 * CONTENT_FILTER}; every answer's metadata say the verdict, as {@code Verdict.asMap} has it. A
 * later prompt's history is read without what was blocked.
 *
 * <p>Maximum of tokens, temperature, top-p, top-k and stop sequences of a prompt's options take the
 * place of the chat's own settings. Each prompt is guarded as a whole, so that a system prompt
 * adapts to all of a conversation so far; {@link GuardedChat.Session} keeps the first.
 *
 * <p>A stream generates on a thread of its own that may block, tells the text in pieces and then,
 * without text, finish reason, usage and verdict; errors are the stream's, and cancelling it ends
 * generation at the next token. Throws IllegalArgumentException for messages that are not text,
 * tools, and options that the model has not. Thread-safe.
 */
public final class GuardedSpringChatModel implements ChatModel {
  private final GuardedChat chat;

  /** A chat model; what the chat was made of stays the caller's to close. */
  public GuardedSpringChatModel(GuardedChat chat) {
    this.chat = chat;
  }

  @Override
  public ChatResponse call(Prompt prompt) {
    return SpringResponses.whole(reply(prompt, piece -> {}));
  }

  @Override
  public Flux<ChatResponse> stream(Prompt prompt) {
    return Flux.<ChatResponse>create(
            sink -> {
              try {
                sink.next(SpringResponses.end(reply(prompt, pieces(sink))));
                sink.complete();
              } catch (Error e) {
                // Reactor tells nobody of those that it takes for fatal: the stream would not end.
                sink.error(new IllegalStateException("the guard or the model failed", e));
              }
            })
        .subscribeOn(Schedulers.boundedElastic());
  }

  private static Consumer<String> pieces(FluxSink<ChatResponse> sink) {
    return piece -> {
      sink.next(SpringResponses.piece(piece));
      if (sink.isCancelled()) {
        throw new CancelledException("streaming was cancelled");
      }
    };
  }

  private GuardedChat.Reply reply(Prompt prompt, Consumer<String> listener) {
    return chat.reply(
        SpringMessages.prompt(SpringMessages.withoutBlocked(prompt.getInstructions())),
        settings(prompt.getOptions()),
        listener);
  }

  private Generation settings(@Nullable ChatOptions options) {
    if (options == null) {
      return chat.settings();
    }
    refuse("frequency penalty", options.getFrequencyPenalty() != null);
    refuse("presence penalty", options.getPresencePenalty() != null);
    refuse("choice of models", options.getModel() != null);
    refuse(
        "tools",
        options instanceof ToolCallingChatOptions tools
            && !(tools.getToolCallbacks().isEmpty() && tools.getToolNames().isEmpty()));
    Generation.Builder settings = chat.settings().toBuilder();
    if (options.getMaxTokens() != null) {
      settings.maxNewTokens(options.getMaxTokens());
    }
    if (options.getTemperature() != null) {
      settings.temperature(options.getTemperature());
    }
    if (options.getTopP() != null) {
      settings.topP(options.getTopP());
    }
    if (options.getTopK() != null) {
      settings.topK(options.getTopK());
    }
    if (options.getStopSequences() != null && !options.getStopSequences().isEmpty()) {
      settings.stopStrings(options.getStopSequences());
    }
    return settings.build();
  }

  private static void refuse(String what, boolean asked) {
    if (asked) {
      throw new IllegalArgumentException("a guarded local model offers no " + what);
    }
  }
}
