package org.alignment4j.examples.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.alignment4j.rahf.PreferenceTuner;
import org.alignment4j.rahf.PreferenceTuner.EncodedPair;
import org.alignment4j.train.TrainingSettings;

/** Times steps of a method on pairs. */
final class PreferenceSteps {
  private static final int PAIRS = 8;
  private static final int PROMPT = 48;
  private static final int RESPONSE = 32;
  private static final int FURTHER = 4;
  private static final long SEED = 80;

  private PreferenceSteps() {}

  /** Returns the seconds of the first step, including the reference scores or targets. */
  static double first(Bench bench, PreferenceMethod method) {
    return seconds(bench, method, 1);
  }

  /** Returns the seconds of a further step. */
  static double further(Bench bench, PreferenceMethod method) {
    return (seconds(bench, method, 1 + FURTHER) - seconds(bench, method, 1)) / FURTHER;
  }

  private static double seconds(Bench bench, PreferenceMethod method, int steps) {
    List<EncodedPair> pairs = pairs(bench.model().config().vocabulary());
    return bench.seconds(() -> tune(bench.model(), method, pairs, steps));
  }

  private static void tune(
      LanguageModel model, PreferenceMethod method, List<EncodedPair> pairs, int steps) {
    TrainingSettings training =
        TrainingSettings.builder().steps(steps).batchSize(PAIRS).learningRate(1e-5).build();
    PreferenceTuner.builder(method)
        .lora(new TrainableLora.Shape(8, 16, List.of("q_proj", "v_proj")))
        .learn(training)
        .fit(training)
        .build()
        .tuneIds(model, pairs, ProgressListener.NONE);
  }

  private static List<EncodedPair> pairs(int vocabulary) {
    SplittableRandom random = new SplittableRandom(SEED);
    List<EncodedPair> pairs = new ArrayList<>();
    for (int i = 0; i < PAIRS; i++) {
      pairs.add(EncodedPair.of(row(random, vocabulary), row(random, vocabulary)));
    }
    return pairs;
  }

  private static Encoded row(SplittableRandom random, int vocabulary) {
    return new Encoded(random.ints(PROMPT + RESPONSE, 3, vocabulary).toArray(), PROMPT);
  }
}
