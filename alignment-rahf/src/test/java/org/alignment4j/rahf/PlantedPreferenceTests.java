package org.alignment4j.rahf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.rahf.PreferenceSettings.Instructions;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.alignment4j.rahf.PreferenceTuner.PreferenceTuning;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.tune.PreferencePair;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Every method on a model in which a preference is planted. */
class PlantedPreferenceTests {
  private static final List<PreferencePair> TRAIN = StyleTask.pairs(80, 100);
  private static final List<PreferencePair> HELD_OUT = StyleTask.pairs(60, 200);

  @TempDir static Path folder;
  private static final Logger LOG = LoggerFactory.getLogger(PlantedPreferenceTests.class);
  private static LanguageModel model;

  @BeforeAll
  static void load() throws IOException {
    model = LanguageModel.load(StyleTask.write(folder));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static PreferenceSettings.Builder<PreferenceTuner> settings(
      PreferenceMethod method, long seed) {
    TrainingSettings.Builder common =
        TrainingSettings.builder().batchSize(16).maxGradientNorm(1).seed(seed);
    return PreferenceTuner.builder(method)
        .lora(
            new TrainableLora.Shape(4, 8, 0.05, List.of("q_proj", "v_proj", "o_proj", "down_proj")))
        .learn(
            method == PreferenceMethod.RAHF_SCIT
                ? withInstructions(seed)
                : common
                    .epochs(8)
                    .learningRate(method == PreferenceMethod.DPO ? 1e-3 : 1e-2)
                    .build())
        .fit(common.epochs(12).learningRate(1e-2).build())
        .instructions(new Instructions("good", "bad"))
        // Six blocks are few: the style is decided higher up than in a model of 32.
        .layers(List.of(new Layer(2), new Layer(3), new Layer(4), new Layer(5)))
        .alpha(method == PreferenceMethod.RAHF_DUAL ? 1 : 2);
  }

  /**
   * SCIT's step 1 first learns the responses, then to distinguish the instructions. At a constant
   * rate of 1e-2 it may never do so: on one processor it did from every seed, on another from few,
   * as the start model, which is trained here, is rounded otherwise.
   */
  private static TrainingSettings withInstructions(long seed) {
    return TrainingSettings.builder()
        .batchSize(16)
        .maxGradientNorm(1)
        .seed(seed)
        .epochs(30)
        .learningRate(5e-3)
        .schedule(TrainingSettings.Schedule.cosine().withWarmupRatio(0.2))
        .build();
  }

  private static double divergence(LanguageModel tuned) {
    List<Encoded> chosen =
        HELD_OUT.stream().map(p -> StyleTask.encode(model, p.prompt(), p.chosen())).toList();
    return Arrays.stream(tuned.divergence(model, chosen)).average().orElseThrow();
  }

  @Test
  void theStartModelHasNoPreference() {
    // Pairs with as many words of either style are close, and fall by how the training rounded.
    double accuracy = StyleTask.accuracy(model, HELD_OUT, 0.1);
    assertEquals(0.5, accuracy, 0.15);
  }

  @ParameterizedTest
  @EnumSource(
      value = PreferenceMethod.class,
      names = {"DPO", "RAHF_DUAL"})
  void thePlantedPreferenceIsLearned(PreferenceMethod method) {
    assertLearned(method, 1);
  }

  @Tag("slow")
  @ParameterizedTest
  @EnumSource(
      value = PreferenceMethod.class,
      names = {"SFT", "WEIGHT_EXTRAPOLATION"})
  void thePlantedPreferenceIsLearnedByTheOthers(PreferenceMethod method) {
    assertLearned(method, 1);
  }

  /**
   * Whether step 1 distinguishes the instructions depends on how the start model, which is trained
   * here, is rounded: it does from seeds 1 to 5 on a processor with AVX-512, from 2 to 5 on one
   * with AVX2.
   */
  @Tag("slow")
  @Test
  void scitLearnsItFromMostSeeds() {
    int learned = 0;
    for (long seed = 1; seed <= 5; seed++) {
      try {
        assertLearned(PreferenceMethod.RAHF_SCIT, seed);
        learned++;
      } catch (AssertionError e) {
        LOG.info("SCIT, seed {}", seed, e);
      }
    }
    assertTrue(learned >= 3, "learned from " + learned + " of 5 seeds");
  }

  private static void assertLearned(PreferenceMethod method, long seed) {
    PreferenceTuning tuning =
        settings(method, seed).build().tune(model, TRAIN, ProgressListener.NONE);
    try (LanguageModel tuned = model.with(tuning.adapter())) {
      double accuracy = StyleTask.accuracy(tuned, HELD_OUT);
      double following = StyleTask.following(tuned, HELD_OUT);
      LOG.info(
          "{}: held-out pair accuracy {}, answers that follow the rule {}, KL {}",
          method,
          accuracy,
          following,
          divergence(tuned));
      assertTrue(accuracy >= 0.9, () -> "held-out pair accuracy " + accuracy);
      // DPO fits differences, and may make both responses to a prompt less likely: over seeds and
      // processors .7 to 1 of the answers follow the rule, of the start model's .1.
      double least = method == PreferenceMethod.DPO ? 0.5 : 0.9;
      assertTrue(following >= least, () -> "generation follows the rule in " + following);
    }
  }
}
