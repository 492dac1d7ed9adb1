package org.alignment4j.rahf;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.testing.RandomChatModel;
import org.alignment4j.tune.PreferencePair;

/**
 * A planted preference: asked to say some words, the preferred answer says each politely ("so run
 * please jump please"), the other one rudely ("so run now jump now"). The start model has learned
 * to say half of the words politely and half rudely, so that it prefers the polite answer in about
 * half of the pairs.
 */
final class StyleTask {
  private static final List<String> WORDS =
      List.of("run", "jump", "walk", "sing", "read", "cook", "swim", "draw", "wait", "look");
  private static final String POLITE = "please";
  private static final String RUDE = "now";

  private StyleTask() {}

  static List<PreferencePair> pairs(int n, long seed) {
    Random random = new Random(seed);
    List<PreferencePair> pairs = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      List<String> words = words(random);
      pairs.add(
          new PreferencePair(
              "pair " + i,
              Prompt.user("say " + String.join(" ", words)),
              styled(words, w -> POLITE),
              styled(words, w -> RUDE)));
    }
    return pairs;
  }

  private static List<String> words(Random random) {
    List<String> words = new ArrayList<>();
    for (int k = 2 + random.nextInt(3); k > 0; k--) {
      words.add(WORDS.get(random.nextInt(WORDS.size())));
    }
    return words;
  }

  private static String styled(List<String> words, UnaryOperator<String> style) {
    StringBuilder text = new StringBuilder("so");
    words.forEach(w -> text.append(' ').append(w).append(' ').append(style.apply(w)));
    return text.toString();
  }

  /** The share of answers that follow the rule: only the polite marker. */
  static double following(LanguageModel model, List<PreferencePair> pairs) {
    List<Prompt> prompts = pairs.stream().map(PreferencePair::prompt).toList();
    long following =
        model.generate(prompts, Generation.greedy(12)).stream()
            .filter(c -> c.text().contains(POLITE) && !c.text().contains(RUDE))
            .count();
    return (double) following / pairs.size();
  }

  /** The share of pairs whose chosen response has the higher mean log-probability. */
  static double accuracy(LanguageModel model, List<PreferencePair> pairs) {
    return accuracy(model, pairs, 0);
  }

  /**
   * The same with ties counted half.
   *
   * @param tie difference in nats per token up to which two responses are equal
   */
  static double accuracy(LanguageModel model, List<PreferencePair> pairs, double tie) {
    List<Encoded> both = new ArrayList<>();
    pairs.forEach(p -> both.add(encode(model, p.prompt(), p.chosen())));
    pairs.forEach(p -> both.add(encode(model, p.prompt(), p.rejected())));
    double[] sums = model.logProbabilities(both);
    int n = pairs.size();
    double told = 0;
    for (int i = 0; i < n; i++) {
      double margin =
          sums[i] / both.get(i).predictedLength() - sums[n + i] / both.get(n + i).predictedLength();
      told += margin > tie ? 1 : margin < -tie ? 0 : 0.5;
    }
    return told / n;
  }

  static Encoded encode(LanguageModel model, Prompt prompt, String response) {
    return model.tokenizer().encodeForTraining(prompt.withResponse(response));
  }

  /** Writes a random model that can read the task. */
  static Path writeRandom(Path folder) throws IOException {
    List<String> words = new ArrayList<>(WORDS);
    words.addAll(List.of(POLITE, RUDE, "say", "so", "user", "assistant"));
    return RandomChatModel.write(folder, words);
  }

  /** Trains and writes the start model. */
  static Path write(Path folder) throws IOException {
    writeRandom(folder);
    return RandomChatModel.teach(
        folder,
        model -> {
          List<Encoded> rows = new ArrayList<>();
          Random random = new Random(1);
          for (int i = 0; i < 800; i++) {
            List<String> some = words(random);
            String answer =
                styled(
                    some,
                    w -> random.nextDouble() < 0.85 == (WORDS.indexOf(w) % 2 == 0) ? POLITE : RUDE);
            rows.add(encode(model, Prompt.user("say " + String.join(" ", some)), answer));
          }
          return rows;
        },
        8,
        30);
  }
}
