package org.alignment4j.examples;

import java.nio.file.Path;
import java.util.List;
import org.alignment4j.Tuning;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Preferences;
import org.alignment4j.evaluation.PreferenceEvaluator;
import org.alignment4j.evaluation.PreferenceReport;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.alignment4j.rahf.PreferenceTuner;
import org.alignment4j.tune.PreferencePair;

/** The program of docs/rahf.md: learn from preferences, save the LoRA, evaluate it. */
public final class LearnPreferences {
  private LearnPreferences() {}

  /**
   * Runs it.
   *
   * @param args a checkpoint folder; a preference file; the number of pairs to learn from; a folder
   *     to write the LoRA to
   */
  public static void main(String[] args) {
    if (args.length != 4) {
      System.err.println("usage: LearnPreferences CHECKPOINT PAIRS TRAIN ADAPTER");
      System.exit(2);
    }
    PreferenceReport report =
        run(Path.of(args[0]), Path.of(args[1]), Integer.parseInt(args[2]), Path.of(args[3]));
    System.out.println("held-out pair accuracy " + report.accuracy());
    System.out.println("KL to the start model  " + report.divergence());
  }

  static PreferenceReport run(Path checkpoint, Path file, int train, Path folder) {
    ProgressListener progress = ProgressListener.NONE;
    // docs: begin
    List<PreferencePair> pairs = Preferences.read(file).pairs();
    PreferenceTuner tuner = PreferenceTuner.builder(PreferenceMethod.RAHF_DUAL).build();
    try (LanguageModel model = LanguageModel.load(checkpoint)) {
      Tuning<LoraAdapter> tuning = tuner.tune(model, pairs.subList(0, train), progress);
      tuning.unused().forEach(u -> System.out.println("pair " + u.index() + ": " + u.reason()));
      tuning.adapter().save(folder); // PEFT loads it too
      PreferenceEvaluator evaluator =
          new PreferenceEvaluator(Generation.greedy(64), 32, Bootstrap.withSeed(1));
      try (LanguageModel tuned = model.with(tuning.adapter())) { // shares the base's weights
        return evaluator.evaluate(tuned, model, pairs.subList(train, pairs.size()), progress);
      }
    }
    // docs: end
  }
}
