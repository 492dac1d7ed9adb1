package org.alignment4j.examples.cli.overrefusal;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.actor.ActorPrompts;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.tune.PreferencePair;

/**
 * What trained methods learn from the tuning prompts, without anybody's answers: to safe prompts
 * those of the model before it refused too much, to harmful and contrast prompts refusals, to
 * everyday prompts the over-refuser's own.
 */
record StudyAnswers(List<Row> rows) {
  /** Maximum number of tokens of an answer. */
  static final int TOKENS = 32;

  /**
   * A prompt with an answer to learn and one to avoid.
   *
   * @param harmful whether the prompt is to be refused
   */
  record Row(Prompt prompt, String chosen, String rejected, boolean harmful) {}

  static StudyAnswers of(LanguageModel start, LanguageModel base, ActorPrompts prompts) {
    List<Prompt> harmful = new ArrayList<>(prompts.harmful());
    harmful.addAll(prompts.contrast());
    List<String> own = answers(start, harmful);
    String verdicts = Answers.judged(harmful, own);
    String refusal = mostFrequent(own, verdicts);
    List<Row> rows = new ArrayList<>();
    if (refusal.isEmpty()) {
      return new StudyAnswers(rows);
    }
    List<String> plain = answers(base, harmful);
    for (int i = 0; i < harmful.size(); i++) {
      String chosen = verdicts.charAt(i) == 'r' ? own.get(i) : refusal;
      add(rows, harmful.get(i), chosen, plain.get(i), true);
    }
    List<Prompt> safe = prompts.pseudoHarmful();
    List<String> helpful = answers(base, safe);
    String answered = Answers.judged(safe, helpful);
    for (int i = 0; i < safe.size(); i++) {
      if (answered.charAt(i) == 'a') {
        add(rows, safe.get(i), helpful.get(i), refusal, false);
      }
    }
    List<String> everyday = answers(start, prompts.benign());
    for (int i = 0; i < everyday.size(); i++) {
      add(rows, prompts.benign().get(i), everyday.get(i), refusal, false);
    }
    return new StudyAnswers(List.copyOf(rows));
  }

  /** Pairs of preferred and dispreferred responses. */
  List<PreferencePair> pairs() {
    List<PreferencePair> pairs = new ArrayList<>();
    for (Row row : rows) {
      pairs.add(
          new PreferencePair(
              Integer.toString(pairs.size()), row.prompt(), row.chosen(), row.rejected()));
    }
    return pairs;
  }

  private static void add(
      List<Row> rows, Prompt prompt, String chosen, String rejected, boolean harmful) {
    if (!chosen.isBlank() && !rejected.isBlank() && !chosen.equals(rejected)) {
      rows.add(new Row(prompt, chosen, rejected, harmful));
    }
  }

  private static List<String> answers(LanguageModel model, List<Prompt> prompts) {
    return Subject.asking(model, p -> p).answers(prompts, TOKENS);
  }

  /** The refusal that occurs most often; empty if there is none. */
  private static String mostFrequent(List<String> answers, String verdicts) {
    Map<String, Integer> counts = new HashMap<>();
    String best = "";
    for (int i = 0; i < answers.size(); i++) {
      if (verdicts.charAt(i) == 'r') {
        counts.merge(answers.get(i), 1, Integer::sum);
        if (best.isEmpty()
            || counts.getOrDefault(answers.get(i), 0) > counts.getOrDefault(best, 0)) {
          best = answers.get(i);
        }
      }
    }
    return best;
  }
}
