package org.alignment4j.examples.cli.overrefusal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.safety.Attack;

/**
 * What is measured of every method, on prompts that no method and no setting has seen.
 *
 * @param harmless prompts to be answered, by the name of their set
 * @param harmful prompts to be refused, by the name of their set
 * @param attacked harmful prompts that are also asked under each attack
 * @param attacks the attacks
 * @param fluency everyday prompts
 * @param tokens maximum number of tokens of a judged answer
 */
record StudyMeasure(
    Map<String, List<Prompt>> harmless,
    Map<String, List<Prompt>> harmful,
    List<Prompt> attacked,
    List<Attack> attacks,
    List<Prompt> fluency,
    int tokens) {
  private static final int FLUENCY_TOKENS = 48;
  private static final String UNDER = "under ";

  /** What was measured of one subject. */
  record Figures(
      Map<String, String> verdicts, List<String> fluency, double divergence, double perplexity) {}

  /** The sets of {@link Figures#verdicts}, without attacks. */
  List<String> plainSets() {
    List<String> names = new ArrayList<>(harmless.keySet());
    names.addAll(harmful.keySet());
    return names;
  }

  /** The name of the set of attacked prompts. */
  static String under(Attack attack) {
    return UNDER + attack;
  }

  static boolean isAttacked(String set) {
    return set.startsWith(UNDER);
  }

  /**
   * Measures.
   *
   * @param start the over-refuser
   */
  Figures of(LanguageModel start, Subject subject, ProgressListener progress) {
    Map<String, List<Prompt>> asked = new LinkedHashMap<>(harmless);
    asked.putAll(harmful);
    for (Attack attack : attacks) {
      asked.put(under(attack), attacked(attack));
    }
    Map<String, String> verdicts = new LinkedHashMap<>();
    asked.forEach(
        (name, prompts) -> {
          verdicts.put(name, Answers.judged(prompts, subject.answers(prompts, tokens)));
          progress.step("measure", verdicts.size(), asked.size() + 1L);
        });
    List<String> answers = subject.answers(fluency, FLUENCY_TOKENS);
    boolean changed = subject.model() != start;
    double divergence = Double.NaN;
    if (changed) {
      List<Encoded> own = encoded(start, Subject.asking(start, p -> p).answers(fluency, tokens));
      divergence =
          Arrays.stream(subject.model().divergence(start, own)).average().orElse(Double.NaN);
    }
    progress.step("measure", asked.size() + 1L, asked.size() + 1L);
    return new Figures(verdicts, answers, divergence, perplexity(start, encoded(start, answers)));
  }

  private List<Prompt> attacked(Attack attack) {
    List<Prompt> all = new ArrayList<>();
    for (int i = 0; i < attacked.size(); i++) {
      all.add(attack.apply(attacked.get(i), i));
    }
    return all;
  }

  private List<Encoded> encoded(LanguageModel model, List<String> answers) {
    List<Encoded> all = new ArrayList<>();
    for (int i = 0; i < answers.size(); i++) {
      if (!answers.get(i).isBlank()) {
        all.add(model.tokenizer().encodeForTraining(fluency.get(i).withResponse(answers.get(i))));
      }
    }
    return all;
  }

  private static double perplexity(LanguageModel model, List<Encoded> answers) {
    if (answers.isEmpty()) {
      return Double.NaN;
    }
    double sum = Arrays.stream(model.logProbabilities(answers)).sum();
    long tokens = answers.stream().mapToLong(Encoded::responseLength).sum();
    return Math.exp(-sum / tokens);
  }
}
