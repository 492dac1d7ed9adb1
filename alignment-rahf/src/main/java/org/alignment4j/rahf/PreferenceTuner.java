package org.alignment4j.rahf;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alignment4j.RepresentationTuner;
import org.alignment4j.Tuning;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.GatedEdit.Positions;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.alignment4j.train.TrainingResult;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.tune.PreferencePair;

/**
 * Trains a LoRA on pairs of preferred and dispreferred responses by RAHF or another method; {@link
 * Loreft} trains an edit of hidden states instead. The model itself is not changed; all
 * intermediate adapters share its weights.
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
        settings.method() == PreferenceMethod.CIRCUIT_BREAKERS
            ? EncodedPairs.ofEither(model, pairs)
            : EncodedPairs.of(
                model, pairs, settings.method().instructed() ? settings.instructions() : null);
    if (encoded.size() == 0) {
      throw unusable("none of " + pairs.size() + " pairs can be used", encoded, pairs);
    }
    if (encoded.allRejected().isEmpty() || encoded.allChosen().isEmpty()) {
      throw unusable(
          "none of %d pairs has a %s response that can be used"
              .formatted(pairs.size(), encoded.allRejected().isEmpty() ? "rejected" : "chosen"),
          encoded,
          pairs);
    }
    String data = Hashes.sha256(pairs.stream().map(PreferencePair::toString).toList());
    return run(model, encoded, data, progress);
  }

  private static BadDataException unusable(
      String what, EncodedPairs encoded, List<PreferencePair> pairs) {
    return new BadDataException(
        what
            + encoded.unused().stream()
                .findFirst()
                .map(u -> "; pair " + pairs.get(u.index()).id() + ": " + u.reason())
                .orElse(""));
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
    return run(model, new EncodedPairs(pairs), data, progress);
  }

  /**
   * LoReFT (Wu et al. 2024, arXiv 2404.03592, section 3.2): learns the chosen responses by an edit
   * of hidden states instead of a LoRA, h + R^T (W h + b - R h) at some layers and tokens of the
   * prompt, R [r, D] with orthonormal rows, with the cross entropy of the responses' tokens. The
   * result is that edit as a {@link GatedEdit}: U = R^T, V = W - R, and R^T b. It differs from the
   * published code in its start, which changes nothing (W = R, b = 0) instead of drawing W and b at
   * random, in R, which is the Q of a QR decomposition of the trained matrix in each step instead
   * of a product of Householder reflections, and in that one edit serves both ends of a prompt.
   *
   * <p>If the settings name a checkpoint folder, an interrupted tuning resumes when called again
   * with the same model, pairs and settings, and ends with the same edit, bit for bit. Immutable;
   * one tuning runs at a time in a process.
   */
  public static final class Loreft implements RepresentationTuner<List<PreferencePair>, GatedEdit> {
    private final Settings settings;

    /** A tuner with these settings. */
    public Loreft(Settings settings) {
      this.settings = settings;
    }

    /** Returns a builder with the defaults. */
    public static Builder<Loreft> builder() {
      return new Builder<>(Loreft::new);
    }

    /** The settings. */
    public Settings settings() {
      return settings;
    }

    /**
     * Runs the method.
     *
     * @param model without steering or soft prompt
     * @param pairs of which only prompts and chosen responses are read; the rejected may be empty
     * @throws BadDataException if no chosen response is usable; the message has the first reason
     * @throws IllegalArgumentException if rank or layers do not fit the model
     */
    @Override
    public Tuning<GatedEdit> tune(
        LanguageModel model, List<PreferencePair> pairs, ProgressListener progress) {
      require(pairs != null, "pairs must not be null");
      EncodedPairs encoded = EncodedPairs.ofChosen(model, pairs);
      if (encoded.size() == 0) {
        throw unusable("none of " + pairs.size() + " pairs can be used", encoded, pairs);
      }
      String data = Hashes.sha256(pairs.stream().map(p -> p.prompt() + " " + p.chosen()).toList());
      return new LoreftRun(model, settings, encoded, data, progress).run();
    }

    /**
     * Settings of {@link Loreft}. Immutable; made by {@link Loreft#builder}.
     *
     * @param rank r, 1 or more, at most the model's width
     * @param positions the edited tokens
     * @param layers the edited layers; empty for a choice by relative depth, see {@link
     *     #layers(int)}
     * @param training steps, learning rate, batches, seed
     */
    public record Settings(
        int rank, Positions positions, List<Layer> layers, TrainingSettings training) {
      /** Sorts the layers and checks the rank. */
      public Settings {
        require(rank >= 1, "the rank must be >= 1, was %s", rank);
        layers = List.copyOf(new TreeSet<>(layers));
      }

      /** Returns a builder with the defaults; see {@link Builder}. */
      public static Builder<Settings> builder() {
        return new Builder<>(settings -> settings);
      }

      /**
       * Returns the layers of a model: those set, or those at the relative depths of layers 4, 10,
       * 19 and 25 of 32, as published for following instructions.
       *
       * @param blocks the model's number of blocks
       */
      public List<Layer> layers(int blocks) {
        for (Layer l : layers) {
          require(l.index() <= blocks, "no %s in a model of %s blocks", l, blocks);
        }
        return layers.isEmpty()
            ? IntStream.of(4, 10, 19, 25)
                .map(i -> Math.max(1, Math.round(i * blocks / 32f)))
                .distinct()
                .mapToObj(Layer::new)
                .toList()
            : layers;
      }

      /** Returns all settings that the result depends on, by name. */
      public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("method", "LOREFT");
        map.put("rank", rank);
        map.put("positions", positions.toString());
        map.put("layers", layers.stream().map(Layer::index).toList());
        map.put("training", training.toMap());
        return map;
      }
    }

    /**
     * Collects settings. Defaults are those published for following instructions: rank 4, the first
     * and the last 5 tokens of a prompt, a learning rate of 9e-4 that falls linearly, 9 epochs; and
     * batches of 16 rows instead of 128. Not thread-safe.
     *
     * @param <T> the type that is built: the settings, or a tuner with them
     */
    public static final class Builder<T> {
      private final Function<Settings, T> finish;
      private int rank = 4;
      private Positions positions = Positions.promptEnds(5, 5);
      private List<Layer> layers = List.of();
      private TrainingSettings training =
          TrainingSettings.builder()
              .epochs(9)
              .batchSize(16)
              .microBatchTokens(2048)
              .learningRate(9e-4)
              .schedule(TrainingSettings.Schedule.linear())
              .maxGradientNorm(1)
              .build();

      private Builder(Function<Settings, T> finish) {
        this.finish = finish;
      }

      /** r, the number of directions that are edited at each layer. */
      public Builder<T> rank(int r) {
        this.rank = r;
        return this;
      }

      /** The edited tokens. */
      public Builder<T> positions(Positions tokens) {
        this.positions = tokens;
        return this;
      }

      /** The edited layers. */
      public Builder<T> layers(List<Layer> where) {
        this.layers = where;
        return this;
      }

      /** Changes some settings of the training. */
      public Builder<T> training(UnaryOperator<TrainingSettings.Builder> change) {
        this.training = training.with(change);
        return this;
      }

      /** Seed of everything random. */
      public Builder<T> seed(long value) {
        return training(t -> t.seed(value));
      }

      /**
       * Builds the settings or the tuner.
       *
       * @throws IllegalArgumentException if a setting is out of its range
       */
      public T build() {
        return finish.apply(new Settings(rank, positions, layers, training));
      }
    }
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
