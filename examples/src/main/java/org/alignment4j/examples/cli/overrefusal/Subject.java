package org.alignment4j.examples.cli.overrefusal;

import java.util.List;
import java.util.function.UnaryOperator;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;

/** A model as a method left it, to be asked. */
interface Subject extends AutoCloseable {
  /** Greedy answers of at most {@code tokens} tokens. */
  List<String> answers(List<Prompt> prompts, int tokens);

  /** The changed model; the over-refuser itself if a method does not change the model. */
  LanguageModel model();

  @Override
  void close();

  /** A changed model, closed with the subject. */
  static Subject of(LanguageModel changed) {
    return new Model(changed, p -> p, true);
  }

  /** The model itself, which stays open, asked in another way. */
  static Subject asking(LanguageModel same, UnaryOperator<Prompt> question) {
    return new Model(same, question, false);
  }

  /** A model that generates. */
  record Model(LanguageModel model, UnaryOperator<Prompt> question, boolean owned)
      implements Subject {
    @Override
    public List<String> answers(List<Prompt> prompts, int tokens) {
      List<Prompt> asked = prompts.stream().map(question).toList();
      return model.generate(asked, Generation.greedy(tokens)).stream()
          .map(Completion::text)
          .toList();
    }

    @Override
    public void close() {
      if (owned) {
        model.close();
      }
    }
  }
}
