package org.alignment4j.data.induction;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.alignment4j.core.Layer;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.train.TrainingSettings.Schedule;
import org.jspecify.annotations.Nullable;

/**
 * Settings of {@link ReversedInstructionTuner}. Immutable; built by {@link #builder}.
 *
 * @param training the training settings; their seed is also that of the LoRA's initialisation and
 *     of the intervals
 * @param lora the shape of the adapter
 * @param layers the layers whose blocks are adapted; empty for all
 * @param maxTokens maximum number of tokens of a row, 1 or more; limited by the model's context
 * @param template the text around the response
 * @param chatTemplate whether rows are written in the model's chat template
 */
public record ReversedSettings(
    TrainingSettings training,
    TrainableLora.Shape lora,
    List<Layer> layers,
    int maxTokens,
    Template template,
    boolean chatTemplate) {
  /** The text around a response in the prompt for its instruction (Safer-Instruct, stage 1). */
  public enum Template {
    /** This library's template, shorter by a third than the authors'. */
    SHORT("reversed.txt"),
    /** As the authors released it, in the readme of their data's repository. */
    RELEASED("reversed-released.txt");

    private final String before;
    private final String after;

    Template(String resource) {
      TextGap text = TextGap.resource(resource, "response");
      this.before = text.before();
      this.after = text.after();
    }

    TextGap text() {
      return new TextGap(before, after);
    }

    /**
     * Returns the template with a hash, as of {@link TextGap#hash()}; empty for any other value.
     */
    static Optional<Template> ofHash(@Nullable Object hash) {
      return Arrays.stream(values()).filter(t -> t.text().hash().equals(hash)).findFirst();
    }
  }

  /** Checks the ranges. */
  public ReversedSettings {
    require(maxTokens >= 1, "maxTokens must be >= 1, was %s", maxTokens);
    layers = List.copyOf(new TreeSet<>(layers));
  }

  /** Returns a builder with the defaults; see {@link Builder}. */
  public static Builder<ReversedSettings> builder() {
    return new Builder<>(settings -> settings);
  }

  List<Layer> layers(int blocks) {
    return layers.isEmpty()
        ? IntStream.rangeClosed(1, blocks).mapToObj(Layer::new).toList()
        : layers;
  }

  /** Returns everything that the result depends on, by name. */
  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("rank", lora.rank());
    map.put("lora_alpha", lora.alpha());
    map.put("lora_dropout", lora.dropout());
    map.put("modules", lora.modules());
    map.put("layers", layers.stream().map(Layer::index).toList());
    map.put("max_tokens", maxTokens);
    map.put("chat_template", chatTemplate);
    map.put("template", template.text().hash());
    map.put("training", training.toMap());
    return map;
  }

  /**
   * Collects settings. Defaults: 3 epochs, batches of 32 rows, cosine schedule with 3 % warm-up as
   * in Alpaca, learning rate 2e-4, which suits LoRA; {@link TrainableLora.Shape#DEFAULT} in all
   * blocks; 512 tokens, {@link Template#SHORT}, plain text. Not thread-safe.
   *
   * @param <T> the result: settings, or a tuner with them
   */
  public static final class Builder<T> {
    private final Function<ReversedSettings, T> finish;
    private TrainingSettings training =
        TrainingSettings.builder()
            .epochs(3)
            .batchSize(32)
            .microBatchTokens(2048)
            .learningRate(2e-4)
            .schedule(Schedule.cosine().withWarmupRatio(0.03))
            .maxGradientNorm(1)
            .build();
    private TrainableLora.Shape lora = TrainableLora.Shape.DEFAULT;
    private List<Layer> layers = List.of();
    private int maxTokens = 512;
    private Template template = Template.SHORT;
    private boolean chatTemplate;

    Builder(Function<ReversedSettings, T> finish) {
      this.finish = finish;
    }

    /**
     * Sets the training settings; their seed is also that of the LoRA's initialisation and of the
     * intervals.
     */
    public Builder<T> training(TrainingSettings settings) {
      this.training = settings;
      return this;
    }

    /** Changes some of the training settings. */
    public Builder<T> training(UnaryOperator<TrainingSettings.Builder> change) {
      return training(training.with(change));
    }

    /** Sets the seed of the training, of the LoRA's initialisation and of the intervals. */
    public Builder<T> seed(long seed) {
      return training(t -> t.seed(seed));
    }

    /** Sets the shape of the adapter. */
    public Builder<T> lora(TrainableLora.Shape shape) {
      this.lora = shape;
      return this;
    }

    /** Sets the layers whose blocks are adapted; empty for all. */
    public Builder<T> layers(List<Layer> where) {
      this.layers = where;
      return this;
    }

    /** Sets the maximum number of tokens of a row, limited by the model's context. */
    public Builder<T> maxTokens(int tokens) {
      this.maxTokens = tokens;
      return this;
    }

    /** Sets the text around the response; an inducer reads it from the adapter's provenance. */
    public Builder<T> template(Template words) {
      this.template = words;
      return this;
    }

    /**
     * Sets whether rows are encoded in the model's chat template, the template as user message and
     * the instruction as assistant message, instead of as one plain text.
     */
    public Builder<T> chatTemplate(boolean use) {
      this.chatTemplate = use;
      return this;
    }

    /**
     * Builds the settings, or the tuner.
     *
     * @throws IllegalArgumentException if a setting is out of range
     */
    public T build() {
      return finish.apply(
          new ReversedSettings(training, lora, layers, maxTokens, template, chatTemplate));
    }
  }
}
