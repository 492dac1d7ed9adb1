package org.alignment4j.examples.cli.model;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Completion.GeneratedToken;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;

/** The turns between a user and a model, limited to the latest that fit the model's context. */
final class ChatSession {
  private final LanguageModel model;
  private final Generation settings;
  private final List<Message> turns = new ArrayList<>();
  private @Nullable String system;
  private int questions;

  ChatSession(LanguageModel model, Generation settings) {
    this.model = model;
    this.settings = settings;
  }

  void reset() {
    turns.clear();
  }

  @Nullable String system() {
    return system;
  }

  /**
   * Sets the system message; null for none.
   *
   * @throws IllegalArgumentException if the chat template does not support one
   */
  void system(@Nullable String text) {
    if (text != null) {
      model.tokenizer().encode(Prompt.user("?").withSystem(text));
    }
    system = text;
  }

  /** Number of questions with their answers that are still in the context. */
  int remembered() {
    return turns.size() / 2;
  }

  /**
   * Sends a question and stores question and answer.
   *
   * @param forgotten called with the number of oldest turns that were removed, if any
   * @throws IllegalArgumentException if the question alone is too long; the session is then
   *     unchanged
   */
  Completion ask(String text, Consumer<GeneratedToken> listener, Consumer<Integer> forgotten) {
    int context = model.config().contextLength();
    int room = Math.min(settings.maxNewTokens(), Math.max(1, context / 4));
    List<Message> kept = new ArrayList<>(turns);
    kept.add(Message.user(text));
    int gone = 0;
    int length = length(kept);
    while (length + room > context && kept.size() > 1) {
      kept.subList(0, 2).clear();
      gone++;
      length = length(kept);
    }
    if (length >= context) {
      throw new IllegalArgumentException(
          "that is "
              + length
              + " tokens with the system message; the model's context of "
              + context
              + " leaves no room for an answer");
    }
    if (gone > 0) {
      forgotten.accept(gone);
    }
    Generation own = settings.toBuilder().seeds(List.of(settings.seedOf(questions++))).build();
    Completion answer = model.generate(List.of(prompt(kept)), own, listener).get(0);
    kept.add(Message.assistant(answer.text()));
    turns.clear();
    turns.addAll(kept);
    return answer;
  }

  private int length(List<Message> messages) {
    return model.tokenizer().encode(prompt(messages)).length;
  }

  private Prompt prompt(List<Message> messages) {
    Prompt prompt = new Prompt(messages);
    return system == null ? prompt : prompt.withSystem(system);
  }
}
