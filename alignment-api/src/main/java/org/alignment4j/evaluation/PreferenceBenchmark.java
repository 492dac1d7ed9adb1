package org.alignment4j.evaluation;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.PreferenceReport.Reason;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.tune.PreferencePair;

/**
 * Measures how well a model separates preferred from other responses, and the length and variety of
 * its own answers.
 *
 * @param settings the measurement's settings
 * @param pairs pairs that the model was not trained on
 */
record PreferenceBenchmark(PreferenceEvaluator settings, List<PreferencePair> pairs)
    implements Benchmark {
  PreferenceBenchmark {
    pairs = List.copyOf(pairs);
    require(!pairs.isEmpty(), "preferences: no pairs");
    for (PreferencePair pair : pairs) {
      require(
          !pair.prompt().last().text().isBlank(),
          "preferences: the prompt of pair %s is blank",
          pair.id());
    }
  }

  @Override
  public String name() {
    return "preferences";
  }

  @Override
  public Result run(LanguageModel model, long seed, ProgressListener progress) {
    Bootstrap bootstrap = settings.bootstrap();
    PreferenceReport report =
        new PreferenceEvaluator(
                settings.generation().toBuilder().seed(seed).build(),
                settings.answers(),
                new Bootstrap(bootstrap.resamples(), bootstrap.level(), seed))
            .evaluate(model, model, pairs, progress);
    Map<String, Interval> scores = new LinkedHashMap<>();
    scores.put("accuracy", report.accuracy());
    scores.put("accuracy_by_sum", report.accuracyBySum());
    scores.put("margin", report.margin());
    scores.put("length", report.length());
    scores.put("repetition", report.repetition());
    scores.put("distinct_1", report.distinct1());
    scores.put("distinct_2", report.distinct2());
    return new Result(name(), Map.of("at_limit", report.atLimit()), scores, warnings(report));
  }

  private static List<String> warnings(PreferenceReport report) {
    List<String> warnings = new ArrayList<>();
    for (Reason reason : Reason.values()) {
      long n = report.omitted().stream().filter(o -> o.reason() == reason).count();
      if (n > 0) {
        warnings.add(
            "%d pairs or answers are not counted: %s."
                .formatted(n, reason.name().toLowerCase(Locale.ROOT).replace('_', ' ')));
      }
    }
    return warnings;
  }

  /** The size; the texts may be private. */
  @Override
  public String toString() {
    return "PreferenceBenchmark[" + pairs.size() + " pairs]";
  }
}
