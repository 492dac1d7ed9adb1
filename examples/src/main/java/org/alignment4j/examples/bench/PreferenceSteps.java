package org.alignment4j.examples.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.rahf.EncodedPair;
import org.alignment4j.rahf.LoraShape;
import org.alignment4j.rahf.PreferenceMethod;
import org.alignment4j.rahf.PreferenceSettings;
import org.alignment4j.rahf.PreferenceTuner;
import org.alignment4j.train.TrainingSettings;

/**
 * Seconds of steps of a method on pairs.
 *
 * @param first the first step, with what is computed before it: reference or targets
 * @param next a further step
 */
record PreferenceSteps(double first, double next) {
  private static final int PAIRS = 8;
  private static final int PROMPT = 48;
  private static final int RESPONSE = 32;
  private static final int FURTHER = 4;
  private static final long SEED = 80;

  static PreferenceSteps measure(Bench bench, PreferenceMethod method) {
    List<EncodedPair> pairs = pairs(bench.model().config().vocabulary());
    double one = bench.seconds(() -> tune(bench.model(), method, pairs, 1));
    double more = bench.seconds(() -> tune(bench.model(), method, pairs, 1 + FURTHER));
    return new PreferenceSteps(one, (more - one) / FURTHER);
  }

  private static void tune(
      LanguageModel model, PreferenceMethod method, List<EncodedPair> pairs, int steps) {
    TrainingSettings training =
        TrainingSettings.builder().steps(steps).batchSize(PAIRS).learningRate(1e-5).build();
    PreferenceSettings settings =
        PreferenceSettings.builder(method)
            .lora(new LoraShape(8, 16, 0, List.of("q_proj", "v_proj")))
            .learn(training)
            .fit(training)
            .build();
    new PreferenceTuner(settings).tuneIds(model, pairs, ProgressListener.NONE);
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
