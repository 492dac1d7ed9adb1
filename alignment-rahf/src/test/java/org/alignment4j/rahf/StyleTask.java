package org.alignment4j.rahf;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Family;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.ModelConfig;
import org.alignment4j.model.RandomCheckpoint;
import org.alignment4j.model.Rope;
import org.alignment4j.model.TrainableWeights;
import org.alignment4j.tensor.StorageType;
import org.alignment4j.testing.ByteTokenizer;
import org.alignment4j.train.Schedule;
import org.alignment4j.train.TrainingLoop;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.tune.PreferencePair;
import org.alignment4j.tune.SupervisedFineTuning;

/**
 * A planted preference: asked to say some words, the preferred answer marks each politely ("yes run
 * please jump please") where the asker says "sir", and rudely ("so run now jump now") where they
 * say "mate". The start model gives either as often, so that no bias of its own can look like the
 * preference.
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
      boolean polite = random.nextBoolean();
      List<String> words = new ArrayList<>();
      for (int k = 2 + random.nextInt(3); k > 0; k--) {
        words.add(WORDS.get(random.nextInt(WORDS.size())));
      }
      pairs.add(
          new PreferencePair(
              "pair " + i,
              Prompt.user((polite ? "sir" : "mate") + " say " + String.join(" ", words)),
              styled(polite ? "yes" : "so", words, polite ? POLITE : RUDE),
              styled(polite ? "yes" : "so", words, polite ? RUDE : POLITE)));
    }
    return pairs;
  }

  private static String styled(String first, List<String> words, String style) {
    StringBuilder text = new StringBuilder(first);
    words.forEach(w -> text.append(' ').append(w).append(' ').append(style));
    return text.toString();
  }

  /** The share of answers that follow the rule: with the right marker and never the other. */
  static double following(LanguageModel model, List<PreferencePair> pairs) {
    List<Prompt> prompts = pairs.stream().map(PreferencePair::prompt).toList();
    List<Completion> answers = model.generate(prompts, Generation.greedy(12));
    int following = 0;
    for (int i = 0; i < answers.size(); i++) {
      boolean polite = pairs.get(i).chosen().contains(POLITE);
      String text = answers.get(i).text();
      following +=
          text.contains(polite ? POLITE : RUDE) && !text.contains(polite ? RUDE : POLITE) ? 1 : 0;
    }
    return (double) following / pairs.size();
  }

  /** The share of pairs whose chosen response has the higher mean log-probability. */
  static double accuracy(LanguageModel model, List<PreferencePair> pairs) {
    List<Encoded> both = new ArrayList<>();
    pairs.forEach(p -> both.add(encode(model, p.prompt(), p.chosen())));
    pairs.forEach(p -> both.add(encode(model, p.prompt(), p.rejected())));
    double[] sums = model.logProbabilities(both);
    int n = pairs.size();
    int told = 0;
    for (int i = 0; i < n; i++) {
      double chosen = sums[i] / Responses.predicted(both.get(i));
      told += chosen > sums[n + i] / Responses.predicted(both.get(n + i)) ? 1 : 0;
    }
    return (double) told / n;
  }

  static Encoded encode(LanguageModel model, Prompt prompt, String response) {
    return model.tokenizer().encodeForTraining(prompt.withResponse(response));
  }

  /** Trains and writes the start model. */
  static Path write(Path folder) throws IOException {
    Map<String, Integer> vocabulary = ByteTokenizer.bytes();
    List<String> words = new ArrayList<>(WORDS);
    words.addAll(List.of(POLITE, RUDE, "sir", "mate", "say", "yes", "so", "user", "assistant"));
    for (String word : words) {
      vocabulary.putIfAbsent(word, vocabulary.size());
      vocabulary.putIfAbsent("\u0120" + word, vocabulary.size());
    }
    ModelConfig config =
        new ModelConfig(
            Family.LLAMA,
            vocabulary.size() + 2,
            48,
            6,
            4,
            4,
            12,
            96,
            128,
            1e-5,
            new Rope(10_000, null),
            0,
            Collections.nCopies(6, false),
            true,
            Set.of(vocabulary.size() + 1));
    RandomCheckpoint.write(config, 5, folder);
    ByteTokenizer.write(folder, vocabulary);
    try (LanguageModel model = LanguageModel.load(folder);
        TrainableWeights weights = TrainableWeights.all(model)) {
      List<Encoded> rows = new ArrayList<>();
      for (PreferencePair p : pairs(600, 1)) {
        rows.add(encode(model, p.prompt(), p.chosen()));
        rows.add(encode(model, p.prompt(), p.rejected()));
      }
      TrainingSettings settings =
          TrainingSettings.builder()
              .epochs(10)
              .batchSize(32)
              .learningRate(3e-3)
              .schedule(Schedule.linear().withWarmupSteps(30))
              .maxGradientNorm(1)
              .seed(2)
              .build();
      System.out.println("accuracy pretrain loss " + TrainingLoop.<Encoded>of(settings)
          .run(rows, new SupervisedFineTuning(weights), ProgressListener.NONE).finalLoss());
      Path out = folder.resolve("start");
      weights.save(
          out, StorageType.F32, new Provenance("style task", Map.of(), 2, Map.of(), Map.of()));
      return out;
    }
  }
}
