package org.alignment4j.examples;

import java.nio.file.Path;
import java.util.List;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.ContinuationScore;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;

/** The program of docs/generation.md: sample a response word by word, score given responses. */
public final class Answering {
  private Answering() {}

  /**
   * Runs it.
   *
   * @param args a checkpoint folder
   */
  public static void main(String[] args) {
    if (args.length != 1) {
      System.err.println("usage: Answering CHECKPOINT");
      System.exit(2);
    }
    run(Path.of(args[0]));
  }

  static void run(Path checkpoint) {
    // generation.md: begin
    try (LanguageModel model = LanguageModel.load(checkpoint)) {
      Prompt question = Prompt.user("What is the capital of France?");
      Generation settings =
          Generation.builder(64)
              .temperature(0.8)
              .topP(0.9)
              .seed(7)
              .stopStrings(List.of("\n\n"))
              .build();
      model.generate(List.of(question), settings, token -> System.out.print(token.text()));
      System.out.println();
      List<String> answers = List.of("Paris", "Rome", "A fish");
      List<ContinuationScore> scores = model.score(question, answers);
      for (int i = 0; i < answers.size(); i++) {
        System.out.printf("%8.3f  %s%n", scores.get(i).sum(), answers.get(i));
      }
    }
    // generation.md: end
  }
}
