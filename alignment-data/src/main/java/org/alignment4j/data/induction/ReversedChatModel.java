package org.alignment4j.data.induction;

import java.util.List;
import org.alignment4j.data.request.ChatException;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;

/**
 * A reversed model as a chat model: it takes the last user message as a response and answers with
 * an instruction, so that its answers can be stored as those of any other model.
 */
final class ReversedChatModel implements ChatModel {
  /** Continues one sequence; concurrent calls may be batched. */
  @FunctionalInterface
  interface Completer {
    /** Returns the completion of token ids; the settings contain one seed, this sequence's. */
    Completion complete(int[] ids, Generation settings);
  }

  private final String name;
  private final ReversedEncoder encoder;
  private final Completer completer;

  ReversedChatModel(String name, ReversedEncoder encoder, Completer completer) {
    this.name = name;
    this.encoder = encoder;
    this.completer = completer;
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
    Generation settings =
        Generation.builder(sampling.maxTokens())
            .temperature(sampling.temperature())
            .topP(sampling.topP())
            .stopStrings(sampling.stop())
            // Not the seed of the call, from which each batch position would derive another.
            .seeds(List.of(request.seed()))
            .build();
    Completion completion = completer.complete(ids, settings);
    ChatAnswer.Finish finish =
        completion.finish() == Completion.Finish.LENGTH
            ? ChatAnswer.Finish.LENGTH
            : ChatAnswer.Finish.STOP;
    return new ChatAnswer(completion.text(), finish, ids.length, completion.ids().length);
  }
}
