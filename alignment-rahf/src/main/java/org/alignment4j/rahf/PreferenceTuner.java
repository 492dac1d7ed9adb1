package org.alignment4j.rahf;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alignment4j.RepresentationTuner;
import org.alignment4j.Tuning;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.alignment4j.train.TrainingResult;
import org.alignment4j.tune.PreferencePair;

/**
 * Trains a LoRA on pairs of preferred and dispreferred responses by RAHF or a baseline method. The
 * model itself is not changed; all intermediate adapters share its weights.
 *
 * <p>If the settings name checkpoint folders, an interrupted tuning resumes when called again with
 * the same model, pairs and settings, and ends with the same adapter, bit for bit. Immutable; one
 * tuning runs at a time in a process.
 */
public final class PreferenceTuner
    implements RepresentationTuner<List<PreferencePair>, LoraAdapter> {
  private final PreferenceSettings settings;

  /** A tuner with these settings. */
  public PreferenceTuner(PreferenceSettings settings) {
    this.settings = settings;
  }

  /** Returns a builder with the defaults of a method. */
  public static PreferenceSettings.Builder<PreferenceTuner> builder(PreferenceMethod method) {
    return new PreferenceSettings.Builder<>(method, PreferenceTuner::new);
  }

  /** The settings. */
  public PreferenceSettings settings() {
    return settings;
  }

  /**
   * Runs the method.
   *
   * @param model the start model, an SFT model for RAHF; without steering or soft prompt
   * @throws BadDataException if no pair is usable; the message has the first reason
   * @throws IllegalArgumentException if modules or layers do not fit the model
   */
  @Override
  public PreferenceTuning tune(
      LanguageModel model, List<PreferencePair> pairs, ProgressListener progress) {
    require(pairs != null, "pairs must not be null");
    EncodedPairs encoded =
        EncodedPairs.of(
            model, pairs, settings.method().instructed() ? settings.instructions() : null);
    if (encoded.pairs().isEmpty()) {
      String first =
          encoded.unused().stream()
              .findFirst()
              .map(u -> "; pair " + pairs.get(u.index()).id() + ": " + u.reason())
              .orElse("");
      throw new BadDataException("none of " + pairs.size() + " pairs can be used" + first);
    }
    String data = Hashes.sha256(pairs.stream().map(PreferencePair::toString).toList());
    return run(model, encoded, data, progress);
  }

  /**
   * Runs the method on pairs given as token ids.
   *
   * @param pairs at least one, each within the model's context
   * @throws IllegalArgumentException as in {@link #tune}
   */
  public PreferenceTuning tuneIds(
      LanguageModel model, List<EncodedPair> pairs, ProgressListener progress) {
    require(!pairs.isEmpty(), "no pairs");
    String data =
        Hashes.sha256(
            pairs.stream()
                .flatMap(p -> Stream.of(p.chosen(), p.rejected()))
                .flatMap(r -> Stream.of(r.plain(), r.good(), r.bad()))
                .map(e -> Arrays.toString(e.ids()) + e.responseStart())
                .toList());
    return run(model, new EncodedPairs(pairs, List.of()), data, progress);
  }

  private PreferenceTuning run(
      LanguageModel model, EncodedPairs pairs, String data, ProgressListener progress) {
    try (RahfKernels kernels = new RahfKernels(model.device())) {
      return new PreferenceRun(model, settings, pairs, data, kernels, progress).run();
    }
  }

  /**
   * A pair of responses as token ids.
   *
   * @param chosen the preferred response
   * @param rejected the other one
   */
  public record EncodedPair(Response chosen, Response rejected) {
    /**
     * A response after its prompt, and after the prompt with the good and with the bad instruction;
     * the response tokens are the same in all three.
     *
     * @param plain prompt and response
     * @param good the same under the good instruction
     * @param bad the same under the bad one
     */
    public record Response(Encoded plain, Encoded good, Encoded bad) {
      /**
       * @throws IllegalArgumentException if the response is empty or its tokens differ between the
       *     three
       */
      public Response {
        require(plain.predictedLength() > 0, "the response has no tokens");
        require(
            Arrays.equals(plain.responseIds(), good.responseIds())
                && Arrays.equals(plain.responseIds(), bad.responseIds()),
            "an instruction changes the response's tokens");
      }
    }

    /** A pair for methods without instructions. */
    public static EncodedPair of(Encoded chosen, Encoded rejected) {
      return new EncodedPair(
          new Response(chosen, chosen, chosen), new Response(rejected, rejected, rejected));
    }
  }

  /**
   * Result of learning from preferences.
   *
   * @param adapter the LoRA
   * @param reason how the tuning ended, in one sentence
   * @param unused pairs that could not be used, with the reason
   * @param steps adapters of step 1 by name: "scit", or "good" and "bad"; empty for other methods
   * @param trainings losses and metrics of each training by name, in their order; at least one
   */
  public record PreferenceTuning(
      LoraAdapter adapter,
      String reason,
      List<Unused> unused,
      Map<String, LoraAdapter> steps,
      Map<String, TrainingResult> trainings)
      implements Tuning<LoraAdapter> {
    /** Copies the collections. */
    public PreferenceTuning {
      unused = List.copyOf(unused);
      steps = Map.copyOf(steps);
      trainings = Collections.unmodifiableMap(new LinkedHashMap<>(trainings));
    }

    /** Returns the result of the last training. */
    @Override
    public TrainingResult training() {
      return List.copyOf(trainings.values()).get(trainings.size() - 1);
    }
  }
}
