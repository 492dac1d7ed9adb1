package org.alignment4j.examples.cli.compare;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.common.collect.ImmutableMap;
import com.google.gson.JsonObject;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.PreferenceEvaluator;
import org.alignment4j.evaluation.PreferenceEvaluator.HeldOut;
import org.alignment4j.evaluation.PreferenceReport;
import org.alignment4j.examples.cli.evaluate.EvaluatePreferences;
import org.alignment4j.examples.cli.output.RunFile;
import org.alignment4j.examples.cli.tune.MethodName;
import org.alignment4j.examples.cli.tune.PreferenceControl;
import org.alignment4j.examples.cli.tune.PreferenceOptions;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.rahf.PreferenceSettings;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.alignment4j.rahf.PreferenceTuner;
import org.alignment4j.tune.PreferencePair;
import org.jspecify.annotations.Nullable;

/**
 * Chooses each method's learning rates on the pairs that are learned from: it learns the first four
 * fifths with each rate and takes the one with the highest pair accuracy on the last fifth, of
 * equal ones that with the larger margin. Tried rates are kept in a file. Not thread-safe.
 */
final class RateSearch {
  private static final int PARTS = 5;

  /**
   * Of all trainings here, whatever the seeds of the runs, so that these may be added one by one.
   */
  private static final long SEED = 0;

  private final List<PreferencePair> learned;
  private final List<PreferencePair> measured;
  private final Path file;
  private final PrintStream err;
  private final List<Tried> tried;
  private final Map<String, String> found = new LinkedHashMap<>();
  private @Nullable HeldOut heldOut;

  /**
   * A rate that was tried.
   *
   * @param rates as options
   * @param fingerprint hash of all that the result depends on
   * @param accuracy share of the held-out pairs whose chosen response is the more likely, per token
   * @param margin mean difference of log-probability per token
   * @param divergence from the start model, nats per token
   * @param failure why there are no figures; empty if there are
   */
  record Tried(
      String method,
      String rates,
      String fingerprint,
      double accuracy,
      double margin,
      double divergence,
      String failure) {
    static Tried failed(String method, String rates, String fingerprint, String reason) {
      return new Tried(method, rates, fingerprint, 0, 0, 0, reason);
    }

    Tried named(String other) {
      return new Tried(method, other, fingerprint, accuracy, margin, divergence, failure);
    }

    Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("method", method);
      map.put("rates", rates);
      map.put("fingerprint", fingerprint);
      map.put("accuracy", accuracy);
      map.put("margin", margin);
      map.put("divergence", divergence);
      map.put("failure", failure);
      return map;
    }

    static Tried of(JsonObject o) {
      return new Tried(
          o.get("method").getAsString(),
          o.get("rates").getAsString(),
          o.get("fingerprint").getAsString(),
          o.get("accuracy").getAsDouble(),
          o.get("margin").getAsDouble(),
          o.get("divergence").getAsDouble(),
          o.get("failure").getAsString());
    }
  }

  /**
   * @param pairs those that the methods learn from
   * @param file where tried rates are kept
   * @param err stream to print tried rates to
   */
  RateSearch(List<PreferencePair> pairs, Path file, PrintStream err) {
    int first = pairs.size() - pairs.size() / PARTS;
    this.learned = pairs.subList(0, first);
    Set<Prompt> seen = learned.stream().map(PreferencePair::prompt).collect(Collectors.toSet());
    this.measured =
        pairs.subList(first, pairs.size()).stream()
            .filter(p -> !seen.contains(p.prompt()))
            .toList();
    require(
        !measured.isEmpty(),
        "the last fifth of the %s pairs has no prompt of its own to choose a learning rate on",
        pairs.size());
    this.file = file;
    this.err = err;
    this.tried = RunFile.read(file, "compare preferences", Tried::of);
  }

  /** Each method's choice and what each rate reached. */
  Map<String, String> found() {
    return ImmutableMap.copyOf(found);
  }

  /**
   * The options with the best rates.
   *
   * @param candidates the same options with different rates, by these
   * @throws AlignmentException if all of them fail
   */
  PreferenceOptions chosen(
      LanguageModel model,
      PreferenceMethod method,
      Map<String, PreferenceOptions> candidates,
      ProgressListener progress) {
    List<Tried> results = new ArrayList<>();
    candidates.forEach(
        (rates, options) -> results.add(tried(model, method, rates, options, progress)));
    Tried best =
        results.stream()
            .filter(t -> t.failure.isEmpty())
            .max(Comparator.comparingDouble(Tried::accuracy).thenComparingDouble(Tried::margin))
            .orElseThrow(
                () ->
                    new AlignmentException(
                        MethodName.of(method)
                            + " can be run with none of its learning rates: "
                            + results.stream()
                                .map(RateSearch::text)
                                .collect(Collectors.joining(", "))));
    found.put(
        MethodName.of(method),
        best.rates
            + results.stream().map(RateSearch::text).collect(Collectors.joining(", ", " (", ")")));
    return Objects.requireNonNull(candidates.get(best.rates));
  }

  private static String text(Tried t) {
    if (!t.failure.isEmpty()) {
      return t.rates + ": " + t.failure;
    }
    return String.format(
        Locale.ROOT, "%s: %.3f, margin %.3f, KL %.3f", t.rates, t.accuracy, t.margin, t.divergence);
  }

  private Tried tried(
      LanguageModel model,
      PreferenceMethod method,
      String rates,
      PreferenceOptions options,
      ProgressListener progress) {
    PreferenceSettings settings =
        options.settings(method, PreferenceControl.NONE, SEED, model.config().blocks(), null);
    String fingerprint =
        Hashes.sha256(
            List.of(
                model.hash(),
                model.precision().name(),
                learned.toString(),
                measured.toString(),
                settings.toMap().toString()));
    for (Tried t : tried) {
      if (t.fingerprint.equals(fingerprint)) {
        return t.named(rates);
      }
    }
    Tried result;
    try {
      PreferenceReport report = measured(model, settings, progress);
      result =
          new Tried(
              MethodName.of(method),
              rates,
              fingerprint,
              report.accuracy().estimate(),
              report.margin().estimate(),
              report.divergence().estimate(),
              "");
    } catch (CancelledException | BadDataException e) {
      throw e;
    } catch (AlignmentException e) {
      // Too high a rate is one of the answers that a search may get.
      result = Tried.failed(MethodName.of(method), rates, fingerprint, Reasons.of(e));
    }
    tried.add(result);
    RunFile.write(file, tried.stream().map(Tried::toMap).toList());
    err.println("rate tried: " + result.method + " " + text(result));
    return result;
  }

  private PreferenceReport measured(
      LanguageModel model, PreferenceSettings settings, ProgressListener progress) {
    try (LanguageModel tuned =
        model.with(new PreferenceTuner(settings).tune(model, learned, progress).adapter())) {
      List<PreferencePair> asked = PreferenceRuns.asked(measured, settings);
      PreferenceReport report;
      try {
        report =
            asked.equals(measured)
                ? heldOut(model, progress).evaluate(tuned, progress)
                : scorer().evaluate(tuned, model, asked, progress);
      } catch (IllegalArgumentException e) { // log-probabilities that are not finite
        throw new AlignmentException("cannot be measured: " + Reasons.of(e), e);
      }
      if (report.pairs().isEmpty()) {
        throw new BadDataException(
            "none of the "
                + measured.size()
                + " pairs to choose a learning rate on can be measured, the first as it is "
                + report.omitted().get(0).reason());
      }
      return report;
    }
  }

  private HeldOut heldOut(LanguageModel model, ProgressListener progress) {
    if (heldOut == null) {
      heldOut = scorer().against(model, measured, progress);
    }
    return heldOut;
  }

  private static PreferenceEvaluator scorer() {
    return new PreferenceEvaluator(
        Generation.greedy(1), 0, EvaluatePreferences.Measuring.bootstrap());
  }
}
