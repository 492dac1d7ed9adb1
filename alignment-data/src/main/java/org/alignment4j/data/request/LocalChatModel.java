package org.alignment4j.data.request;

import static org.alignment4j.internal.text.Arguments.require;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.alignment4j.core.OutOfMemoryException;
import org.alignment4j.data.request.ChatException.Kind;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatModel.ChatAnswer.Finish;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.internal.host.RequestBatches;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;

/**
 * A {@link LanguageModel} as a chat model. Concurrent requests with equal sampling settings are
 * answered in one batch; each is sampled with its own seed, so that its answer does not depend on
 * the rest of the batch, except where rounding decides between two tokens. If a prompt ends with an
 * assistant message, that is continued. Schemas are ignored.
 *
 * <p>Its name is {@code sha256:} with the checkpoint's hash, the precision, and the caller's
 * suffix. A view of a model with adapters, steering or a soft prompt has the hash of its base, so
 * it needs a suffix that identifies it, for instance the adapter's hash.
 *
 * <p>Thread-safe; requests beyond the largest batch wait. The model is owned by the caller and must
 * stay open as long as this.
 */
public final class LocalChatModel implements ChatModel, AutoCloseable {
  private final LanguageModel model;
  private final String name;
  private final RequestBatches<Waiting, Completion> batches;

  /** A request and its prompt's tokens. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Waiting(int[] ids, ChatRequest request) {}

  private LocalChatModel(Builder b) {
    model = b.model;
    name =
        "sha256:"
            + model.hash()
            + "/"
            + model.precision()
            + (b.suffix.isEmpty() ? "" : "+" + b.suffix);
    batches =
        new RequestBatches<>(
            "local-chat-model",
            b.maxBatchSize,
            b.linger,
            (one, other) -> one.request.sampling().equals(other.request.sampling()),
            some -> model.generateIds(some.stream().map(w -> w.ids).toList(), generation(some)));
  }

  /** Returns a chat model over a base model, not a view, with up to 16 requests per batch. */
  public static LocalChatModel of(LanguageModel model) {
    return builder(model).build();
  }

  /** Starts a builder over a model, without a suffix, with up to 16 requests per batch. */
  public static Builder builder(LanguageModel model) {
    return new Builder(model);
  }

  @Override
  public String name() {
    return name;
  }

  /**
   * As {@link ChatModel#answer}. The exception is of kind REQUEST if the prompt leaves no room in
   * the context or does not fit in memory, the chat template rejects its roles, or the sampler
   * rejects the settings.
   *
   * @throws IllegalStateException if this is closed
   */
  @Override
  public ChatAnswer answer(ChatRequest request) {
    int[] ids = encoded(request);
    try {
      Completion c = batches.answer(new Waiting(ids, request));
      return new ChatAnswer(
          c.text(),
          c.finish() == Completion.Finish.LENGTH ? Finish.LENGTH : Finish.STOP,
          ids.length,
          c.ids().length);
    } catch (IllegalStateException e) {
      throw new IllegalStateException("the chat model is closed", e);
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    }
  }

  private int[] encoded(ChatRequest request) {
    int[] ids;
    try {
      ids = model.tokenizer().encode(request.prompt());
      generation(List.of(new Waiting(ids, request)));
    } catch (IllegalArgumentException e) {
      // The cause may quote the prompt.
      throw new ChatException(
          Kind.REQUEST, name + ": its chat template or its sampler rejects the request", null);
    }
    if (ids.length >= model.longestSequence()) {
      throw new ChatException(
          Kind.REQUEST,
          "%s: a prompt of %d tokens leaves no room in the context of %d"
              .formatted(name, ids.length, model.longestSequence()),
          null);
    }
    return ids;
  }

  private static Generation generation(List<Waiting> some) {
    Sampling sampling = some.get(0).request.sampling();
    return Generation.builder(sampling.maxTokens())
        .temperature(sampling.temperature())
        .topP(sampling.topP())
        .stopStrings(sampling.stop())
        .seeds(some.stream().map(w -> w.request.seed()).toList())
        .build();
  }

  private RuntimeException failure(@Nullable Throwable cause) {
    if (cause instanceof OutOfMemoryException) {
      return new ChatException(Kind.REQUEST, name + ": the request does not fit in memory", cause);
    }
    if (cause instanceof IllegalStateException closing) {
      return new IllegalStateException("the chat model was closed before it answered", closing);
    }
    return new ChatException(Kind.CONFIGURATION, name + ": the model failed", cause);
  }

  /** Returns the largest number of requests in one batch so far. */
  int largestBatch() {
    return batches.largestBatch();
  }

  /** Stops the worker thread; requests in flight fail. The model stays open. */
  @Override
  public void close() {
    batches.close();
  }

  /** Collects settings. Not thread-safe. */
  public static final class Builder {
    private final LanguageModel model;
    private String suffix = "";
    private int maxBatchSize = 16;
    private Duration linger = Duration.ofMillis(5);

    private Builder(LanguageModel model) {
      this.model = model;
    }

    /** Sets the suffix of the name, after a plus sign; for views. Default none. */
    public Builder suffix(String value) {
      suffix = value;
      return this;
    }

    /** Sets the maximum number of requests in a batch, 1 or more; default 16. */
    public Builder maxBatchSize(int value) {
      maxBatchSize = value;
      return this;
    }

    /** Sets how long a batch waits for further requests, 0 to 1 second; default 5 milliseconds. */
    public Builder linger(Duration value) {
      linger = value;
      return this;
    }

    /**
     * Builds the chat model; hashes the checkpoint, which takes seconds for gigabytes.
     *
     * @throws IllegalArgumentException if a setting is out of range
     * @throws org.alignment4j.core.CheckpointException if the model has no tokenizer
     */
    public LocalChatModel build() {
      require(maxBatchSize >= 1, "maxBatchSize must be 1 or more, was %s", maxBatchSize);
      require(
          !linger.isNegative() && linger.toNanos() <= TimeUnit.SECONDS.toNanos(1),
          "linger must be 0 to 1 second, was %s",
          linger);
      model.tokenizer();
      return new LocalChatModel(this);
    }
  }
}
