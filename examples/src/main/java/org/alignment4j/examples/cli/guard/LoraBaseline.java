package org.alignment4j.examples.cli.guard;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.alignment4j.Tuning;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.AttackList;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.rahf.PreferenceSettings;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.alignment4j.rahf.PreferenceTuner;
import org.alignment4j.sysformer.SysformerSettings;
import org.alignment4j.sysformer.SysformerTuner;
import org.alignment4j.sysformer.SysformerTuner.GuardPrompt;
import org.alignment4j.tune.PreferencePair;

/** Fine-tunes the model itself on the targets of a Sysformer, as a baseline. */
final class LoraBaseline {
  private LoraBaseline() {}

  /** Trains on the prompts and writes the adapter to the folder. */
  static Outcome train(
      LanguageModel m,
      GuardTrainOptions options,
      List<GuardPrompt> train,
      Path out,
      ProgressListener progress) {
    long start = System.nanoTime();
    List<Optional<String>> targets = new SysformerTuner(options.settings()).targets(m, train);
    List<PreferencePair> pairs = pairs(options, train, targets);
    Tuning<LoraAdapter> tuning =
        PreferenceTuner.builder(PreferenceMethod.SFT)
            .learn(
                options.training(PreferenceSettings.builder(PreferenceMethod.SFT).build().learn()))
            .build()
            .tune(m, pairs, progress);
    tuning.adapter().save(out);
    double seconds = (System.nanoTime() - start) / 1e9;
    int used = pairs.size() - tuning.unused().size();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("method", AttackList.name(options.method()));
    json.put("seed", options.seed());
    json.put("adapter", out);
    json.put("prompts", train.size());
    json.put("used", used);
    json.put("settings", tuning.adapter().provenance().settings());
    json.put("seconds", seconds);
    return Outcome.passed(
        json,
        String.format(
            Locale.ROOT,
            "learned from %d prompts, %d left out%nlora, seed %d: written to %s in %.1f s",
            used,
            train.size() - used,
            options.seed(),
            out,
            seconds));
  }

  private static List<PreferencePair> pairs(
      GuardTrainOptions options, List<GuardPrompt> train, List<Optional<String>> targets) {
    String refusal = options.settings().refusal();
    List<PreferencePair> pairs = new ArrayList<>();
    for (int i = 0; i < train.size(); i++) {
      Prompt prompt = train.get(i).prompt().withSystem(options.system());
      // SFT ignores the rejected response; it must differ from the chosen one.
      String other = train.get(i).harmful() ? SysformerSettings.OPENING : refusal;
      int row = i;
      targets
          .get(i)
          .ifPresent(t -> pairs.add(new PreferencePair("prompt " + row, prompt, t, other)));
    }
    return pairs;
  }
}
