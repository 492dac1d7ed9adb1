package org.alignment4j.evaluation;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;

/**
 * A measurement of a language model on data of its own, every figure with its interval. To compare
 * two models, or a model with and without an adapter, run it on both. Implementations are immutable
 * and refuse data that cannot be measured when they are made.
 */
public interface Benchmark {
  /** Its name in results and on the command line: lower-case letters, digits and hyphens. */
  String name();

  /**
   * Measures a model. The same model, seed and data give an equal result.
   *
   * @param model a model, or a view of one with adapters; stays the caller's
   * @param seed of all that is drawn: answers, subsets, resamples
   * @param progress hears of what is measured
   * @throws org.alignment4j.core.BadDataException naming a prompt that has no room in the model's
   *     context, unless the benchmark counts such prompts
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  Result run(LanguageModel model, long seed, ProgressListener progress);

  /**
   * What a benchmark found out about a model. Immutable.
   *
   * @param benchmark the benchmark's name
   * @param rates by name: shares of counted cases with Wilson 95 % intervals, in the benchmark's
   *     order
   * @param scores by name: other figures with 95 % intervals, NaN where one is not defined, in the
   *     benchmark's order
   * @param warnings why figures may not mean what they seem to, one sentence each
   */
  record Result(
      String benchmark,
      Map<String, Rate> rates,
      Map<String, Interval> scores,
      List<String> warnings) {
    private static final Gson GSON =
        new GsonBuilder().disableHtmlEscaping().serializeNulls().setPrettyPrinting().create();

    /**
     * Copies maps and list.
     *
     * @throws IllegalArgumentException if there is no figure at all
     */
    public Result {
      rates = Collections.unmodifiableMap(new LinkedHashMap<>(rates));
      scores = Collections.unmodifiableMap(new LinkedHashMap<>(scores));
      warnings = List.copyOf(warnings);
      require(!rates.isEmpty() || !scores.isEmpty(), "%s found no figure", benchmark);
    }

    /**
     * As {@code {benchmark, rates, scores, warnings}}: a rate is {@code {k, n, rate, lo, hi}}, a
     * score {@code {estimate, lo, hi}}, with null for NaN.
     */
    public Map<String, @Nullable Object> toMap() {
      Map<String, @Nullable Object> ofRates = new LinkedHashMap<>();
      rates.forEach((name, rate) -> ofRates.put(name, rate.toMap()));
      Map<String, @Nullable Object> ofScores = new LinkedHashMap<>();
      scores.forEach((name, score) -> ofScores.put(name, toMap(score)));
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      map.put("benchmark", benchmark);
      map.put("rates", Collections.unmodifiableMap(ofRates));
      map.put("scores", Collections.unmodifiableMap(ofScores));
      map.put("warnings", warnings);
      return Collections.unmodifiableMap(map);
    }

    /** {@link #toMap} as JSON; equal results give equal text. */
    public String toJson() {
      return GSON.toJson(toMap());
    }

    private static Map<String, @Nullable Object> toMap(Interval score) {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      map.put("estimate", orNull(score.estimate()));
      map.put("lo", orNull(score.lo()));
      map.put("hi", orNull(score.hi()));
      return Collections.unmodifiableMap(map);
    }

    private static @Nullable Double orNull(double value) {
      return Double.isFinite(value) ? value : null;
    }
  }
}
