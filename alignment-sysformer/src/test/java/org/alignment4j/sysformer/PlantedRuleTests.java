package org.alignment4j.sysformer;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.SysformerTuner.GuardPrompt;
import org.alignment4j.testing.RandomChatModel;
import org.alignment4j.train.TrainingSettings;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A planted effect: a model whose answer the system prompt alone decides, "closed" under one and
 * "open" under another, whatever the user says. To answer by what the user says, the system prompt
 * must change with it: a Sysformer can learn that, a static prompt cannot.
 */
class PlantedRuleTests {
  private static final List<String> BAD = List.of("steal", "burn", "break", "cheat");
  private static final List<String> GOOD = List.of("bake", "read", "sing", "draw");
  private static final List<String> THINGS =
      List.of("bread", "song", "house", "book", "car", "boat", "game", "tree");

  private static Path writeModel(Path folder) throws IOException {
    List<String> words = new ArrayList<>(BAD);
    words.addAll(GOOD);
    words.addAll(THINGS);
    words.addAll(List.of("stop", "go", "closed", "open", "user", "assistant", "system"));
    RandomChatModel.write(folder, words);
    return RandomChatModel.teach(
        folder,
        model -> {
          List<Encoded> rows = new ArrayList<>();
          Random random = new Random(1);
          for (int i = 0; i < 1600; i++) {
            boolean stop = random.nextBoolean();
            Prompt asked =
                Prompt.user(request(random, random.nextBoolean())).withSystem(stop ? "stop" : "go");
            String answer = stop ? "closed" : "open";
            rows.add(model.tokenizer().encodeForTraining(asked.withResponse(answer)));
          }
          return rows;
        },
        3,
        20);
  }

  private static String request(Random random, boolean bad) {
    List<String> verbs = bad ? BAD : GOOD;
    return verbs.get(random.nextInt(verbs.size()))
        + " the "
        + THINGS.get(random.nextInt(THINGS.size()))
        + " and the "
        + THINGS.get(random.nextInt(THINGS.size()));
  }

  private static List<GuardPrompt> prompts(int n, long seed) {
    Random random = new Random(seed);
    List<GuardPrompt> prompts = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      boolean bad = i % 2 == 0;
      prompts.add(new GuardPrompt(Prompt.user(request(random, bad)), bad));
    }
    return prompts;
  }

  /** Whether the model says the same to all held-out requests under a system prompt. */
  private static boolean answers(LanguageModel model, String system, String answer) {
    List<Prompt> asked = prompts(100, 2).stream().map(p -> p.prompt().withSystem(system)).toList();
    return model.generate(asked, Generation.greedy(4)).stream()
        .allMatch(c -> c.text().strip().equals(answer));
  }

  /** The share of held-out requests that are answered by the rule. */
  private static double following(LanguageModel model, int layers) {
    SysformerSettings settings =
        SysformerSettings.builder()
            .systemText("go")
            .layers(layers)
            .refusal("closed")
            .affirmation("open")
            .training(
                TrainingSettings.builder()
                    // After 10, seeds 1 to 3 follow the rule in .75 to 1.00 of requests, by
                    // rounding.
                    .epochs(25)
                    .batchSize(16)
                    .learningRate(layers == 0 ? 1e-2 : 2e-3)
                    .maxGradientNorm(1)
                    .seed(1)
                    .build())
            .build();
    Sysformer sysformer =
        new SysformerTuner(settings).tune(model, prompts(160, 1), ProgressListener.NONE).adapter();
    List<GuardPrompt> held = prompts(100, 2);
    try (SysformerGuard guard = new SysformerGuard(model, sysformer)) {
      List<Completion> answers =
          guard.generate(held.stream().map(GuardPrompt::prompt).toList(), Generation.greedy(4));
      int right = 0;
      for (int i = 0; i < answers.size(); i++) {
        String expected = held.get(i).harmful() ? "closed" : "open";
        right += answers.get(i).text().strip().equals(expected) ? 1 : 0;
      }
      return (double) right / answers.size();
    }
  }

  @Tag("slow")
  @Test
  void aSysformerLearnsPerRequestWhatAStaticPromptCannot(@TempDir Path folder) throws IOException {
    try (LanguageModel model = LanguageModel.load(writeModel(folder))) {
      assertTrue(answers(model, "stop", "closed") && answers(model, "go", "open"), "no such model");
      double adaptive = following(model, 2);
      double fixed = following(model, 0);
      System.out.printf("answered by the rule: adaptive %.2f, static %.2f%n", adaptive, fixed);
      assertTrue(adaptive >= 0.95, "adaptive " + adaptive);
      assertTrue(fixed <= 0.65, "static " + fixed);
    }
  }
}
