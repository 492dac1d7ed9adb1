package org.alignment4j.examples.langchain4j;

import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import java.util.concurrent.Executor;
import org.alignment4j.GuardedChat;
import org.alignment4j.core.CancelledException;

/**
 * {@link GuardedLangChainModel}, streaming the response; a refusal comes in one piece. Handlers are
 * called on a thread of the executor; errors, also those thrown by a handler that is called with a
 * piece, go to {@code onError}. Cancelling by the streaming handle, or interrupting the thread,
 * ends generation at the next token; after cancelling the handler is not called again. Thread-safe.
 */
public final class GuardedStreamingChatModel implements StreamingChatModel {
  private final GuardedChat chat;
  private final Executor executor;

  /**
   * Creates a streaming chat model; the parts of the chat, and the executor, are owned by the
   * caller, who closes them.
   *
   * @param executor runs one task for each request, until its response ends
   */
  public GuardedStreamingChatModel(GuardedChat chat, Executor executor) {
    this.chat = chat;
    this.executor = executor;
  }

  @Override
  public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
    executor.execute(() -> stream(request, handler));
  }

  private void stream(ChatRequest request, StreamingChatResponseHandler handler) {
    Handle handle = new Handle();
    PartialResponseContext context = new PartialResponseContext(handle);
    ChatResponse response;
    try {
      response =
          Exchange.answer(
              chat,
              request,
              piece -> {
                handler.onPartialResponse(new PartialResponse(piece), context);
                if (handle.isCancelled()) {
                  throw new CancelledException("streaming was cancelled");
                }
              });
    } catch (RuntimeException | Error e) {
      if (!handle.isCancelled()) {
        handler.onError(e);
      }
      return;
    }
    handler.onCompleteResponse(response);
  }

  /** Lets the handler cancel a response. */
  private static final class Handle implements StreamingHandle {
    private volatile boolean cancelled;

    @Override
    public void cancel() {
      cancelled = true;
    }

    @Override
    public boolean isCancelled() {
      return cancelled;
    }
  }
}
