package org.alignment4j.rahf;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.rahf.PreferenceSettings.Instructions;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.alignment4j.rahf.PreferenceTuner.PreferenceTuning;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.tune.PreferencePair;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A model in which a preference can be planted, and whether a method learns it. */
final class PlantedPreference implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PlantedPreference.class);
  private static final List<PreferencePair> TRAIN = StyleTask.pairs(80, 100);
  private static final List<PreferencePair> HELD_OUT = StyleTask.pairs(60, 200);

  private final LanguageModel model;

  PlantedPreference(Path folder) throws IOException {
    model = LanguageModel.load(StyleTask.write(folder));
  }

  @Override
  public void close() {
    model.close();
  }

  /** The model's pair accuracy before training; pairs closer than {@code tie} count as half. */
  double accuracyBefore(double tie) {
    return StyleTask.accuracy(model, HELD_OUT, tie);
  }

  private static PreferenceSettings.Builder<PreferenceTuner> settings(
      PreferenceMethod method, long seed) {
    TrainingSettings.Builder common =
        TrainingSettings.builder().batchSize(16).maxGradientNorm(1).seed(seed);
    return PreferenceTuner.builder(method)
        .lora(
            new TrainableLora.Shape(4, 8, 0.05, List.of("q_proj", "v_proj", "o_proj", "down_proj")))
        .learn(
            switch (method) {
              case RAHF_SCIT, HIR -> decaying(seed, 40, 5e-3);
              case DPO -> decaying(seed, 16, 1e-3);
              default -> common.epochs(8).learningRate(1e-2).build();
            })
        .fit(common.epochs(12).learningRate(1e-2).build())
        // DPO fits differences, and with a small beta may make both responses less likely.
        .beta(1)
        .instructions(new Instructions("good", "bad"))
        // Six blocks are few: the style is decided higher up than in a model of 32.
        .layers(List.of(new Layer(2), new Layer(3), new Layer(4), new Layer(5)))
        .alpha(method == PreferenceMethod.RAHF_DUAL ? 1 : 2);
  }

  /**
   * SCIT's step 1 first learns the responses, then to distinguish the instructions. At a constant
   * rate whether it does depends on how the processor rounds the start model, which is trained
   * here; with a decaying one it does from every seed.
   */
  private static TrainingSettings decaying(long seed, int epochs, double rate) {
    return TrainingSettings.builder()
        .batchSize(16)
        .maxGradientNorm(1)
        .seed(seed)
        .epochs(epochs)
        .learningRate(rate)
        .schedule(TrainingSettings.Schedule.cosine().withWarmupRatio(0.1))
        .build();
  }

  private double divergence(LanguageModel tuned) {
    List<Encoded> chosen =
        HELD_OUT.stream().map(p -> StyleTask.encode(model, p.prompt(), p.chosen())).toList();
    return Arrays.stream(tuned.divergence(model, chosen)).average().orElseThrow();
  }

  void assertLearned(PreferenceMethod method, long seed) {
    PreferenceTuner tuner = settings(method, seed).build();
    PreferenceTuning tuning = tuner.tune(model, TRAIN, ProgressListener.NONE);
    List<PreferencePair> asked = asked(tuner.settings()::asked);
    try (LanguageModel tuned = model.with(tuning.adapter())) {
      double accuracy = StyleTask.accuracy(tuned, asked);
      double following = StyleTask.following(tuned, asked);
      LOG.info(
          "{}: held-out pair accuracy {}, answers that follow the rule {}, KL {}",
          method,
          accuracy,
          following,
          divergence(tuned));
      assertTrue(accuracy >= 0.9, () -> "held-out pair accuracy " + accuracy);
      assertTrue(following >= 0.9, () -> "generation follows the rule in " + following);
      if (method == PreferenceMethod.HIR) {
        Instructions exchanged = tuner.settings().instructions().swapped();
        double opposite = StyleTask.accuracy(tuned, asked(exchanged::good));
        assertTrue(opposite <= 0.1, () -> "accuracy under the bad instruction " + opposite);
      }
    }
  }

  private static List<PreferencePair> asked(UnaryOperator<Prompt> prompt) {
    return HELD_OUT.stream()
        .map(p -> new PreferencePair(p.id(), prompt.apply(p.prompt()), p.chosen(), p.rejected()))
        .toList();
  }
}
