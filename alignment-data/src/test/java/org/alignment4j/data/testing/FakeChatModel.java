package org.alignment4j.data.testing;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatModel.ChatAnswer.Finish;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.internal.host.Hashes;

/** A chat model that is a function. */
public final class FakeChatModel implements ChatModel {
  private final String name;
  private final Function<ChatRequest, ChatAnswer> function;
  private final AtomicInteger asked = new AtomicInteger();

  /** A model of a name. */
  public FakeChatModel(String name, Function<ChatRequest, ChatAnswer> function) {
    this.name = name;
    this.function = function;
  }

  /** Answers with a text that depends on prompt and seed, for 10 and 5 tokens. */
  public static FakeChatModel hashing() {
    return new FakeChatModel(
        "fake",
        r ->
            new ChatAnswer(
                Hashes.sha256(List.of(r.promptHash(), Long.toString(r.seed()))),
                Finish.STOP,
                10,
                5));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public ChatAnswer answer(ChatRequest request) {
    asked.incrementAndGet();
    return function.apply(request);
  }

  /** How often it was asked. */
  public int asked() {
    return asked.get();
  }
}
