package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.alignment4j.model.Family.Trait;

/**
 * The configuration of a decoder-only language model, as read from a checkpoint's {@code
 * config.json}. Immutable.
 *
 * @param family the architecture
 * @param vocabulary V, number of token ids
 * @param width D, size of the residual stream
 * @param blocks L, number of decoder blocks
 * @param heads H, query heads of a block
 * @param kvHeads K, key/value heads of a block; divides H
 * @param headSize E, size of a head
 * @param mlpWidth F, inner size of the MLP
 * @param contextLength maximum number of tokens of prompt and response together
 * @param normEps added to the mean square in the norms
 * @param rope rotary position embedding
 * @param slidingWindow tokens that a windowed block attends to, including the current one; 0 for
 *     none
 * @param windowed per block, whether it attends only to the sliding window
 * @param tiedHead whether the output matrix is the embedding table
 * @param endOfSequence ids that end a text
 * @param extras values that only some families set
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
    Set<Integer> endOfSequence,
    Extras extras) {

  /** Memory for chunks read from the file, and for the compiled kernels. */
  private static final long LOADING = 64L << 20;

  /** The activation function of the MLP's gate. */
  public enum Activation {
    /** x sigmoid(x). */
    SILU(0),
    /** GELU, its tanh approximation. */
    GELU_TANH(1),
    /** GELU, exact. */
    GELU(2);

    /** The code by which kernels identify it. */
    final int code;

    Activation(int code) {
      this.code = code;
    }
  }

  /**
   * Values that only some families set.
   *
   * @param activation of the MLP's gate
   * @param scoreScale factor of the attention scores, usually E^-1/2
   * @param scoreCap c of c tanh(score / c), or 0 for none
   * @param logitCap c of c tanh(logit / c), or 0 for none
   */
  public record Extras(Activation activation, double scoreScale, double scoreCap, double logitCap) {
    /** Checks the ranges. */
    public Extras {
      require(scoreScale > 0 && Double.isFinite(scoreScale), "scores scaled by %s", scoreScale);
      require(
          scoreCap >= 0 && logitCap >= 0 && Double.isFinite(scoreCap) && Double.isFinite(logitCap),
          "soft caps must be >= 0, were %s and %s",
          scoreCap,
          logitCap);
    }

    /** The family's values for keys absent from its configuration. */
    static Extras of(Family family, int headSize) {
      boolean caps = family.has(Trait.SOFT_CAPS);
      return new Extras(
          family.has(Trait.TANH_GELU) ? Activation.GELU_TANH : Activation.SILU,
          1 / Math.sqrt(caps ? 256 : headSize),
          caps ? 50 : 0,
          caps ? 30 : 0);
    }
  }

  /** A configuration with the default {@link Extras}. */
  public ModelConfig(
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
    this(
        family,
        vocabulary,
        width,
        blocks,
        heads,
        kvHeads,
        headSize,
        mlpWidth,
        contextLength,
        normEps,
        rope,
        slidingWindow,
        windowed,
        tiedHead,
        endOfSequence,
        Extras.of(family, Math.max(headSize, 1)));
  }

  /** Checks that the sizes are consistent. */
  public ModelConfig {
    require(vocabulary > 0 && width > 0 && blocks > 0, "vocabulary, width and blocks must be > 0");
    require(heads > 0 && kvHeads > 0, "heads and kvHeads must be > 0");
    require(heads % kvHeads == 0, "kvHeads %s must divide heads %s", kvHeads, heads);
    require(headSize > 0 && headSize % 2 == 0, "headSize must be even, was %s", headSize);
    int rotated = rope.rotated(headSize);
    require(
        rotated > 0 && rotated % 2 == 0,
        "%s of %s dimensions of a head are rotated, expected an even number",
        rotated,
        headSize);
    if (rope.scaling() instanceof Rope.LongRope l) {
      require(
          l.shortFactors().size() == rotated / 2 && l.longFactors().size() == rotated / 2,
          "LongRoPE has %s short and %s long factors, expected %s",
          l.shortFactors().size(),
          l.longFactors().size(),
          rotated / 2);
    }
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
   * Reads {@code config.json} of a checkpoint folder, in the format of transformers 4 or 5, or the
   * metadata of a GGUF file. An absent key gets the default of its family; of two conflicting keys
   * the one that transformers uses takes precedence, with a logged warning. {@code tiedHead} is as
   * in the file: for a loaded model it is false if the checkpoint stores an output matrix that
   * differs from the embeddings.
   *
   * @throws org.alignment4j.core.CheckpointException if it is missing or invalid
   * @throws org.alignment4j.core.UnsupportedArchitectureException for an architecture or option
   *     that this version does not run; the message names it
   */
  public static ModelConfig read(Path model) {
    return new ModelPath(model).config();
  }

  /** The same configuration with a separate output matrix. */
  ModelConfig withOwnHead() {
    return new ModelConfig(
        family,
        vocabulary,
        width,
        blocks,
        heads,
        kvHeads,
        headSize,
        mlpWidth,
        contextLength,
        normEps,
        rope,
        slidingWindow,
        windowed,
        false,
        endOfSequence,
        extras);
  }

  /** Number of weights of one block. */
  public long blockParameters() {
    return BlockLayout.of(this).slots().values().stream()
        .mapToLong(slot -> slot.shape().size())
        .sum();
  }

  /** Number of weights of the whole model; a tied head counts once. */
  public long parameters() {
    return blocks * blockParameters() + (tiedHead ? 1L : 2L) * vocabulary * width + width;
  }

  /**
   * Bytes that the weights take in memory, excluding what a forward pass needs. In INT4 if the
   * checkpoint keeps all matrices in 4 bits; those of more bits take 8.
   */
  public long weightBytes(Precision precision) {
    MatrixFormat format = precision.format();
    long table = format.table().bytes(new Shape(vocabulary, width));
    long bytes = (tiedHead ? 1L : 2L) * table;
    bytes += (long) width * Float.BYTES;
    for (BlockLayout.Slot slot : BlockLayout.of(this).slots().values()) {
      bytes += blocks * slot.format(format).bytes(slot.shape());
    }
    return bytes;
  }

  /**
   * An estimate of the memory that loading takes, in bytes: the weights, and buffers for reading
   * them. Activations, caches and the Java heap are not included.
   */
  public long loadBytes(Precision precision) {
    return weightBytes(precision) + LOADING;
  }
}
