package org.alignment4j.data.induction;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.alignment4j.data.request.ChatException;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.internal.host.RequestBatches;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;

/**
 * A reversed model as a chat model: it takes the last user message as a response and answers with
 * an instruction, so that its answers can be stored as those of any other model.
 */
final class ReversedChatModel implements ChatModel, AutoCloseable {
  /** Requests of concurrent calls with equal sampling that run together. */
  private static final int MOST = 16;

  private static final Duration LINGER = Duration.ofMillis(5);

  private final String name;
  private final ReversedEncoder encoder;
  private final RequestBatches<Waiting, Completion> batches;

  /** A sequence to be continued. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Waiting(int[] ids, Sampling sampling, long seed) {}

  /**
   * @param model stays open until this is closed
   */
  ReversedChatModel(String name, ReversedEncoder encoder, LanguageModel model) {
    this.name = name;
    this.encoder = encoder;
    this.batches =
        new RequestBatches<>(
            "reversed-chat-model",
            MOST,
            LINGER,
            (one, other) -> one.sampling.equals(other.sampling),
            some -> model.generateIds(some.stream().map(Waiting::ids).toList(), generation(some)));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public ChatAnswer answer(ChatRequest request) {
    if (request.prompt().endsWithResponse()) {
      throw new ChatException(
          ChatException.Kind.REQUEST, name + " cannot continue an assistant message", null);
    }
    Sampling sampling = request.sampling();
    int[] ids =
        encoder.prompt(request.prompt().last().text(), encoder.maxTokens() - sampling.maxTokens());
    Completion completion;
    try {
      completion = batches.answer(new Waiting(ids, sampling, request.seed()));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(name + ": the model failed", e.getCause());
    }
    ChatAnswer.Finish finish =
        completion.finish() == Completion.Finish.LENGTH
            ? ChatAnswer.Finish.LENGTH
            : ChatAnswer.Finish.STOP;
    return new ChatAnswer(completion.text(), finish, ids.length, completion.ids().length);
  }

  private static Generation generation(List<Waiting> some) {
    Sampling sampling = some.get(0).sampling;
    return Generation.builder(sampling.maxTokens())
        .temperature(sampling.temperature())
        .topP(sampling.topP())
        .stopStrings(sampling.stop())
        // Not the seed of the call, from which each batch position would derive another.
        .seeds(some.stream().map(Waiting::seed).toList())
        .build();
  }

  /** Returns the largest number of requests in one batch so far. */
  int largestBatch() {
    return batches.largestBatch();
  }

  @Override
  public void close() {
    batches.close();
  }
}
