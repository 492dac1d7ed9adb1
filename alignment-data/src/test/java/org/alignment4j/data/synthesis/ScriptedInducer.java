package org.alignment4j.data.synthesis;

import java.util.ArrayList;
import java.util.List;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.induction.Inducer;
import org.alignment4j.data.induction.Inducer.Induction;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestLedger.StoredAnswer;
import org.alignment4j.synthesis.SourceText;

/** Instructions that name the text's category, sometimes too short or a copy. */
final class ScriptedInducer implements Inducer {
  private final ChatModel chat;

  ScriptedInducer(ChatModel chat) {
    this.chat = chat;
  }

  @Override
  public String name() {
    return "scripted";
  }

  @Override
  public List<Induction> induce(SourceText text, int n, long seed, RequestLedger requests) {
    List<Induction> all = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      long own = SeedOf.request(seed, "test", i, 0);
      StoredAnswer answer =
          requests.answer(chat, ChatRequest.of(Prompt.user(text.text()), Sampling.greedy(64), own));
      int draw = Script.draw(text.text(), own);
      String instruction =
          draw % 9 == 0
              ? "Too short"
              : draw % 10 == 0
                  ? text.text()
                  : "[%s] Say %s".formatted(text.category(), Script.words(text.text(), own));
      all.add(new Induction(instruction, i, own, name(), List.of(answer)));
    }
    return all;
  }
}
