package org.alignment4j.rahf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.tune.PreferencePair;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every method on a model in which a preference is planted. */
class PlantedPreferenceTests {
  private static final List<PreferencePair> TRAIN = StyleTask.pairs(160, 100);
  private static final List<PreferencePair> HELD_OUT = StyleTask.pairs(60, 200);

  @TempDir static Path folder;
  private static LanguageModel model;

  @BeforeAll
  static void load() throws IOException {
    model = LanguageModel.load(StyleTask.write(folder));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  static PreferenceSettings.Builder settings(PreferenceMethod method) {
    TrainingSettings learn =
        TrainingSettings.builder()
            .epochs(8)
            .batchSize(16)
            .learningRate(method == PreferenceMethod.DPO ? 3e-3 : 1e-2)
            .maxGradientNorm(1)
            .seed(1)
            .build();
    TrainingSettings fit =
        TrainingSettings.builder()
            .epochs(12)
            .batchSize(16)
            .learningRate(1e-2)
            .maxGradientNorm(1)
            .seed(1)
            .build();
    return PreferenceSettings.builder(method)
        .lora(new LoraShape(4, 8, 0.05, List.of("q_proj", "v_proj", "o_proj", "down_proj")))
        .learn(learn)
        .fit(fit)
        .alpha(2);
  }

  private static double divergence(LanguageModel tuned) {
    List<Encoded> chosen =
        HELD_OUT.stream().map(p -> StyleTask.encode(model, p.prompt(), p.chosen())).toList();
    return Arrays.stream(tuned.divergence(model, chosen)).average().orElseThrow();
  }

  @Test
  void theStartModelHasNoPreference() {
    double accuracy = StyleTask.accuracy(model, HELD_OUT);
    assertEquals(0.5, accuracy, 0.15);
  }

  @ParameterizedTest
  @EnumSource(
      value = PreferenceMethod.class,
      names = {"SFT", "DPO", "RAHF_SCIT", "RAHF_DUAL"})
  void thePlantedPreferenceIsLearned(PreferenceMethod method) {
    PreferenceTuning tuning =
        new PreferenceTuner(settings(method).build()).tune(model, TRAIN, ProgressListener.NONE);
    try (LanguageModel tuned = model.with(tuning.adapter())) {
      double accuracy = StyleTask.accuracy(tuned, HELD_OUT);
      double following = StyleTask.following(tuned, HELD_OUT);
      System.out.printf(
          "%s accuracy %.2f -> %.2f following %.2f -> %.2f KL %.3f%n",
          method,
          StyleTask.accuracy(model, HELD_OUT),
          accuracy,
          StyleTask.following(model, HELD_OUT),
          following,
          divergence(tuned));
      assertTrue(accuracy >= 0.9, () -> "held-out pair accuracy " + accuracy);
      assertTrue(following >= 0.9, () -> "generation follows the rule in " + following);
    }
  }
}
