package org.alignment4j.data.induction;

import static org.alignment4j.core.Arguments.require;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.alignment4j.RepresentationTuner;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.train.TrainingSettings.Schedule;

/**
 * Teaches a model P(instruction | response), into a LoRA over it (Safer-Instruct, stage 1): rows
 * are put through a template that states the task and gives the response, and the model learns the
 * instruction behind it and the end token, with no loss on anything else. A row that is too long
 * loses the end of its response, never a token of its instruction.
 *
 * <p>Where the training's settings name a checkpoint folder, an interrupted tuning goes on where it
 * was when called again with the same model, rows and settings, and ends with the same adapter, bit
 * for bit. Immutable; one tuning runs at a time in a process.
 */
public final class ReversedInstructionTuner
    implements RepresentationTuner<InstructionSplit, ReversedTuning> {
  /** Of its adapters' provenance. */
  static final String METHOD = "reversed instructions";

  private final Settings settings;

  private ReversedInstructionTuner(Settings settings) {
    this.settings = settings;
  }

  /** Starts from the defaults; see {@link Builder}. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Runs the tuning and measures it on the rows that are held out, which nothing is chosen by.
   *
   * @param model without steering or soft prompt, with a tokenizer
   * @throws org.alignment4j.core.BadDataException if no row can be learned from; the message counts
   *     the reasons
   * @throws org.alignment4j.core.CheckpointException if the model's tokenizer is missing or has no
   *     end token
   * @throws IllegalArgumentException if modules or layers do not fit the model
   */
  @Override
  public ReversedTuning tune(
      LanguageModel model, InstructionSplit data, ProgressListener progress) {
    return new ReversedRun(model, settings, data, progress).run();
  }

  /**
   * How it is learned.
   *
   * @param layers empty for all blocks
   */
  record Settings(
      TrainingSettings training,
      int rank,
      double alpha,
      double dropout,
      List<String> modules,
      List<Layer> layers,
      int maxTokens,
      ReversedTemplate template,
      boolean chatTemplate) {
    Settings {
      require(rank >= 1, "rank must be >= 1, was %s", rank);
      require(alpha > 0 && Double.isFinite(alpha), "alpha must be > 0, was %s", alpha);
      require(dropout >= 0 && dropout < 1, "dropout must be in [0, 1), was %s", dropout);
      require(maxTokens >= 1, "maxTokens must be >= 1, was %s", maxTokens);
      modules = List.copyOf(modules);
      require(!modules.isEmpty(), "no modules to change");
      layers = List.copyOf(new TreeSet<>(layers));
    }

    List<Layer> layers(int blocks) {
      return layers.isEmpty()
          ? IntStream.rangeClosed(1, blocks).mapToObj(Layer::new).toList()
          : layers;
    }

    /** All that the result depends on, by name. */
    Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("rank", rank);
      map.put("lora_alpha", alpha);
      map.put("lora_dropout", dropout);
      map.put("modules", modules);
      map.put("layers", layers.stream().map(Layer::index).toList());
      map.put("max_tokens", maxTokens);
      map.put("chat_template", chatTemplate);
      map.put("template", template.text().hash());
      map.put("training", training.toMap());
      return map;
    }
  }

  /**
   * Collects settings. Defaults: 3 epochs, batches of 32 rows, cosine with 3 % warm-up as Alpaca's
   * trainer has them, the learning rate 2e-4, which suits LoRA; rank 8, alpha 16, dropout 0.05 on
   * queries and values of all blocks; 512 tokens, {@link ReversedTemplate#SHORT}, plain text. Not
   * thread-safe.
   */
  public static final class Builder {
    private TrainingSettings training =
        TrainingSettings.builder()
            .epochs(3)
            .batchSize(32)
            .microBatchTokens(2048)
            .learningRate(2e-4)
            .schedule(Schedule.cosine().withWarmupRatio(0.03))
            .maxGradientNorm(1)
            .build();
    private int rank = 8;
    private double alpha = 16;
    private double dropout = 0.05;
    private List<String> modules = List.of("q_proj", "v_proj");
    private List<Layer> layers = List.of();
    private int maxTokens = 512;
    private ReversedTemplate template = ReversedTemplate.SHORT;
    private boolean chatTemplate;

    private Builder() {}

    /** The training; its seed is also that of the LoRA's start and of the intervals. */
    public Builder training(TrainingSettings settings) {
      this.training = settings;
      return this;
    }

    /** The seed of the training, of the LoRA's start and of the intervals. */
    public Builder seed(long seed) {
      this.training = training.toBuilder().seed(seed).build();
      return this;
    }

    /** The LoRA's rank, 1 or more. */
    public Builder rank(int r) {
      this.rank = r;
      return this;
    }

    /** The change is alpha / rank times B A; above 0. */
    public Builder alpha(double value) {
      this.alpha = value;
      return this;
    }

    /** Share of the LoRA's inputs that training leaves out, 0 up to 1. */
    public Builder dropout(double share) {
      this.dropout = share;
      return this;
    }

    /** Matrices that are changed, such as {@code q_proj}; one at least. */
    public Builder modules(List<String> names) {
      this.modules = names;
      return this;
    }

    /** Layers whose blocks are changed; empty for all. */
    public Builder layers(List<Layer> where) {
      this.layers = where;
      return this;
    }

    /** Most tokens of a row; a model with a shorter context has that. */
    public Builder maxTokens(int tokens) {
      this.maxTokens = tokens;
      return this;
    }

    /** The words around the response; an inducer takes them from the adapter's provenance. */
    public Builder template(ReversedTemplate words) {
      this.template = words;
      return this;
    }

    /**
     * Whether rows are written in the model's chat template, the template a user's message and the
     * instruction the assistant's answer, instead of as one plain text.
     */
    public Builder chatTemplate(boolean use) {
      this.chatTemplate = use;
      return this;
    }

    /**
     * Makes the tuner.
     *
     * @throws IllegalArgumentException if a setting is out of its range
     */
    public ReversedInstructionTuner build() {
      return new ReversedInstructionTuner(
          new Settings(
              training, rank, alpha, dropout, modules, layers, maxTokens, template, chatTemplate));
    }
  }
}
