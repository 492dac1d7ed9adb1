package org.alignment4j.model;

import static org.alignment4j.core.Arguments.require;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The shape of a decoder-only language model, as read from a checkpoint's {@code config.json}.
 * Immutable.
 *
 * @param family the architecture
 * @param vocabulary V, number of token ids
 * @param width D, size of the residual stream
 * @param blocks L, number of decoder blocks
 * @param heads H, query heads of a block
 * @param kvHeads K, key/value heads of a block; divides H
 * @param headSize E, size of a head
 * @param mlpWidth F, inner size of the MLP
 * @param contextLength most tokens of prompt and response together
 * @param normEps added to the mean square in the norms
 * @param rope rotary position embedding
 * @param slidingWindow tokens that a windowed block looks back on, itself included; 0 if none is
 * @param windowed per block, whether it looks back on the sliding window only
 * @param tiedHead whether the output matrix is the embedding table
 * @param endOfSequence ids that end a text
 */
public record ModelConfig(
    Family family,
    int vocabulary,
    int width,
    int blocks,
    int heads,
    int kvHeads,
    int headSize,
    int mlpWidth,
    int contextLength,
    double normEps,
    Rope rope,
    int slidingWindow,
    List<Boolean> windowed,
    boolean tiedHead,
    Set<Integer> endOfSequence) {

  /** The architectures this version runs. */
  public enum Family {
    /** Llama 1 to 3 and everything saved in its form. */
    LLAMA("llama", false, false),
    /** Mistral: Llama with sliding windows. */
    MISTRAL("mistral", false, false),
    /** Qwen2 and 2.5: biases on queries, keys and values. */
    QWEN2("qwen2", true, false),
    /** Qwen3: norms on each query and key head. */
    QWEN3("qwen3", false, true);

    final String modelType;
    final boolean projectionBias;
    final boolean headNorms;

    Family(String modelType, boolean projectionBias, boolean headNorms) {
      this.modelType = modelType;
      this.projectionBias = projectionBias;
      this.headNorms = headNorms;
    }
  }

  /**
   * Rotary position embedding.
   *
   * @param base theta
   * @param scaling llama3's frequency scaling, or null for none
   */
  public record Rope(double base, @Nullable Llama3Scaling scaling) {
    /** Checks the range. */
    public Rope {
      require(base > 0 && Double.isFinite(base), "the rotary base must be > 0, was %s", base);
    }
  }

  /**
   * Llama 3's scaling of rotary frequencies for longer contexts.
   *
   * @param factor by which long wavelengths are stretched
   * @param lowFrequencyFactor wavelengths over originalContext / this are stretched fully
   * @param highFrequencyFactor wavelengths under originalContext / this are left alone
   * @param originalContext context length before scaling, in tokens
   */
  public record Llama3Scaling(
      double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalContext) {
    /** Checks the ranges. */
    public Llama3Scaling {
      require(
          factor > 0
              && Double.isFinite(factor)
              && lowFrequencyFactor > 0
              && highFrequencyFactor > lowFrequencyFactor
              && Double.isFinite(highFrequencyFactor)
              && originalContext > 0,
          "rotary scaling by %s between frequency factors %s and %s from a context of %s",
          factor,
          lowFrequencyFactor,
          highFrequencyFactor,
          originalContext);
    }
  }

  /** Checks that the sizes fit each other. */
  public ModelConfig {
    require(vocabulary > 0 && width > 0 && blocks > 0, "vocabulary, width and blocks must be > 0");
    require(heads > 0 && kvHeads > 0, "heads and kvHeads must be > 0");
    require(heads % kvHeads == 0, "kvHeads %s must divide heads %s", kvHeads, heads);
    require(headSize > 0 && headSize % 2 == 0, "headSize must be even, was %s", headSize);
    require(normEps >= 0 && Double.isFinite(normEps), "normEps must be >= 0, was %s", normEps);
    require(mlpWidth > 0 && contextLength > 0, "mlpWidth and contextLength must be > 0");
    require(
        windowed.size() == blocks,
        "windowed has %s entries for %s blocks",
        windowed.size(),
        blocks);
    require(slidingWindow > 0 || !windowed.contains(true), "windowed blocks need a slidingWindow");
    windowed = List.copyOf(windowed);
    endOfSequence = Set.copyOf(endOfSequence);
  }

  /**
   * Reads {@code config.json} of a checkpoint folder, in the form of transformers 4 or 5.
   *
   * @throws org.alignment4j.core.CheckpointException if it is missing or not valid
   * @throws org.alignment4j.core.UnsupportedArchitectureException for an architecture or option
   *     this version does not run, by name
   */
  public static ModelConfig read(Path folder) {
    return ConfigFile.read(folder.resolve("config.json"));
  }

  /** Number of weights of one block. */
  public long blockParameters() {
    long projection = (long) (heads + 2 * kvHeads) * headSize;
    return 2L * width
        + projection * width
        + (family.projectionBias ? projection : 0)
        + (family.headNorms ? 2L * headSize : 0)
        + (long) width * heads * headSize
        + 3L * mlpWidth * width;
  }

  /** Number of weights of the whole model; a tied head counts once. */
  public long parameters() {
    return blocks * blockParameters() + (tiedHead ? 1L : 2L) * vocabulary * width + width;
  }
}
