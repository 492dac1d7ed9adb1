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
 * A measurement of a language model on a fixed data set; every figure has an interval. To compare
 * two models, or a model with and without an adapter, run it on both. Implementations are
 * immutable; their constructors reject data that cannot be measured.
 */
public interface Benchmark {
  /** The name in results and on the command line: lower-case letters, digits and hyphens. */
  String name();

  /**
   * Runs the benchmark. The same model, seed and data give an equal result.
   *
   * @param model a model, or a view of one with adapters; the caller closes it
   * @param seed the seed of all random choices: sampled answers, subsets, resamples
   * @param progress notified of each measured case
   * @throws org.alignment4j.core.BadDataException if a prompt does not fit the model's context,
   *     naming it, unless the benchmark reports the number of such prompts
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  Result run(LanguageModel model, long seed, ProgressListener progress);

  /**
   * The figures that a benchmark measured on a model. Immutable.
   *
   * @param benchmark the benchmark's name
   * @param rates shares of counted cases with Wilson 95 % intervals, by name in the benchmark's
   *     order
   * @param scores other figures with 95 % intervals, by name in the benchmark's order; NaN where
   *     undefined
   * @param warnings reasons why figures may be misleading, one sentence each
   */
  record Result(
      String benchmark,
      Map<String, Rate> rates,
      Map<String, Interval> scores,
      List<String> warnings) {
    private static final Gson GSON =
        new GsonBuilder().disableHtmlEscaping().serializeNulls().setPrettyPrinting().create();

    /**
     * Creates a result; maps and list are copied.
     *
     * @throws IllegalArgumentException if there is neither a rate nor a score
     */
    public Result {
      rates = Collections.unmodifiableMap(new LinkedHashMap<>(rates));
      scores = Collections.unmodifiableMap(new LinkedHashMap<>(scores));
      warnings = List.copyOf(warnings);
      require(!rates.isEmpty() || !scores.isEmpty(), "%s found no figure", benchmark);
    }

    /**
     * Returns {@code {benchmark, rates, scores, warnings}} for JSON: a rate is {@code {k, n, rate,
     * lo, hi}}, a score {@code {estimate, lo, hi}}, with null for NaN.
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

    /** Returns {@link #toMap} as JSON text; equal results have equal text. */
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
