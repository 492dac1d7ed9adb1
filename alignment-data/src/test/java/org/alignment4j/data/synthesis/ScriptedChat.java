package org.alignment4j.data.synthesis;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatRequest;

/** Answers every kind of request of a run as a function of the request alone. */
final class ScriptedChat implements ChatModel {
  final AtomicInteger asked = new AtomicInteger();
  final Set<String> keys = ConcurrentHashMap.newKeySet();
  private final String name;

  ScriptedChat(String name) {
    this.name = name;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public ChatAnswer answer(ChatRequest request) {
    asked.incrementAndGet();
    keys.add(request.key(this));
    String text = Script.answer(request);
    return new ChatAnswer(text, ChatAnswer.Finish.STOP, 100, text.length());
  }
}
