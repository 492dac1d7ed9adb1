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
 * A local model behind a guard as Spring AI's chat model; every rewrite of a guard works here, also
 * that of input embeddings. A blocked prompt gets the refusal text with finish reason {@code
 * CONTENT_FILTER}; every response's metadata hold the verdict, in the form of {@code
 * Verdict.asMap}. Blocked turns are removed from the history of later prompts.
 *
 * <p>The maximum tokens, temperature, top-p, top-k and stop sequences of a prompt's options
 * override the chat's settings. Each prompt is guarded as a whole, so that a system prompt adapts
 * to the whole conversation so far; {@link GuardedChat.Session} keeps the first adapted prompt.
 *
 * <p>A stream generates on a thread of its own that may block, and emits the text in pieces, then
 * finish reason, usage and verdict without text; errors go to the stream, and cancelling it ends
 * generation at the next token. Throws IllegalArgumentException for messages that are not text, for
 * tools, and for options that the model does not support. Thread-safe.
 */
public final class GuardedSpringChatModel implements ChatModel {
  private final GuardedChat chat;

  /** Creates a chat model; the parts of the chat are owned by the caller, who closes them. */
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
                // Reactor does not emit errors that it considers fatal: the stream would not end.
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
    reject("frequency penalty", options.getFrequencyPenalty() != null);
    reject("presence penalty", options.getPresencePenalty() != null);
    reject("choice of models", options.getModel() != null);
    reject(
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

  private static void reject(String what, boolean requested) {
    if (requested) {
      throw new IllegalArgumentException("a guarded local model does not support " + what);
    }
  }
}
