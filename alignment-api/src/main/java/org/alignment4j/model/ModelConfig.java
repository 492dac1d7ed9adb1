package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.alignment4j.model.Family.Trait;

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
 * @param extras numbers that most families do not have
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

  /** Chunks on their way from the file, and the compiled kernels. */
  private static final long LOADING = 64L << 20;

  /** What stands between the block's products. */
  public enum Activation {
    /** x sigmoid(x). */
    SILU(0),
    /** GELU, its tanh approximation. */
    GELU_TANH(1),
    /** GELU, exact. */
    GELU(2);

    /** The number by which kernels know it. */
    final int code;

    Activation(int code) {
      this.code = code;
    }
  }

  /**
   * Numbers that most families do not have.
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

    /** What a family has where its configuration says nothing. */
    static Extras of(Family family, int headSize) {
      boolean caps = family.has(Trait.SOFT_CAPS);
      return new Extras(
          family.has(Trait.TANH_GELU) ? Activation.GELU_TANH : Activation.SILU,
          1 / Math.sqrt(caps ? 256 : headSize),
          caps ? 50 : 0,
          caps ? 30 : 0);
    }
  }

  /** A configuration without what most families do not have. */
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

  /** Checks that the sizes fit each other. */
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
   * Reads {@code config.json} of a checkpoint folder, in the form of transformers 4 or 5. An absent
   * key has the default of its family there, and of two keys that contradict each other the one
   * counts that counts there, which is logged as a warning. {@code tiedHead} is what the file says:
   * a loaded model with a stored head that differs from its embeddings has it false.
   *
   * @throws org.alignment4j.core.CheckpointException if it is missing or not valid
   * @throws org.alignment4j.core.UnsupportedArchitectureException for an architecture or option
   *     this version does not run, by name
   */
  public static ModelConfig read(Path folder) {
    return ConfigFile.read(new ModelFolder(folder).config());
  }

  /** The same shape with an output matrix of its own. */
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

  /** Bytes that the weights take in memory, without what a pass over them needs. */
  public long weightBytes(Precision precision) {
    long table = precision.format().bytes(new Shape(vocabulary, width));
    long bytes = (tiedHead ? 1L : 2L) * table;
    bytes += (long) width * Float.BYTES;
    for (BlockLayout.Slot slot : BlockLayout.of(this).slots().values()) {
      bytes += blocks * slot.format(precision).bytes(slot.shape());
    }
    return bytes;
  }

  /**
   * Estimate of the memory that loading takes, in bytes: the weights, and what passes through while
   * they are read. Activations, caches and the Java heap come on top.
   */
  public long loadBytes(Precision precision) {
    return weightBytes(precision) + LOADING;
  }
}
