package org.alignment4j.model;

import com.google.common.collect.ImmutableSet;

/**
 * The supported model architectures. A constant fully describes a family: its {@code model_type} in
 * config.json, the blocks that use a sliding window, and its differences from Llama.
 */
public enum Family {
  /** Llama 1 to 3 and all models saved with the same {@code model_type}. */
  LLAMA("llama", Windows.NONE, Trait.BIASES_BY_KEY),
  /** Mistral: Llama with sliding windows. */
  MISTRAL("mistral", Windows.ALL),
  /** Qwen2 and 2.5: biases on queries, keys and values. */
  QWEN2("qwen2", Windows.IF_SWITCHED_ON, Trait.PROJECTION_BIAS),
  /** Qwen3: norms on each query and key head. */
  QWEN3("qwen3", Windows.IF_SWITCHED_ON, Trait.HEAD_NORMS, Trait.BIASES_BY_KEY),
  /** Gemma: scaled embeddings, norms that store their distance from one, a gated GELU. */
  GEMMA(
      "gemma",
      Windows.NONE,
      Trait.OFFSET_NORMS,
      Trait.SCALED_EMBEDDINGS,
      Trait.TIED_BY_DEFAULT,
      Trait.BIASES_BY_KEY,
      Trait.TANH_GELU),
  /** Gemma 2: Gemma with norms after attention and MLP, soft caps, every other block windowed. */
  GEMMA2(
      "gemma2",
      Windows.EVERY_OTHER,
      Trait.OFFSET_NORMS,
      Trait.SCALED_EMBEDDINGS,
      Trait.TIED_BY_DEFAULT,
      Trait.BIASES_BY_KEY,
      Trait.TANH_GELU,
      Trait.POST_NORMS,
      Trait.SOFT_CAPS),
  /** Phi-3 and Phi-4 mini: projections stored fused. */
  PHI3("phi3", Windows.ALL, Trait.FUSED_PROJECTIONS, Trait.PARTIAL_ROTATION);

  /** A difference from Llama. */
  enum Trait {
    /** Queries, keys and values have biases. */
    PROJECTION_BIAS,
    /** Each query and key head is normalised. */
    HEAD_NORMS,
    /** Norms multiply by one plus their weight. */
    OFFSET_NORMS,
    /** Embeddings are multiplied by the root of the width. */
    SCALED_EMBEDDINGS,
    /** The output matrix is the embedding table unless config.json specifies otherwise. */
    TIED_BY_DEFAULT,
    /**
     * The gate is GELU in its tanh form unless config.json specifies otherwise; without this, SiLU.
     */
    TANH_GELU,
    /** The outputs of attention and MLP are normalised before they are added. */
    POST_NORMS,
    /** config.json specifies soft caps and the scale of the attention scores. */
    SOFT_CAPS,
    /** The checkpoint holds qkv_proj and gate_up_proj. */
    FUSED_PROJECTIONS,
    /** attention_bias is read; biases, which this version does not run, may be present. */
    BIASES_BY_KEY,
    /** partial_rotary_factor is read; only a part of each head may be rotated. */
    PARTIAL_ROTATION
  }

  /** The blocks that use {@code sliding_window}, unless layer_types specifies them. */
  enum Windows {
    NONE,
    ALL,
    /** The even-numbered blocks, counted from 0. */
    EVERY_OTHER,
    /** From max_window_layers on, if use_sliding_window. */
    IF_SWITCHED_ON
  }

  final String modelType;
  final Windows windows;
  private final ImmutableSet<Trait> traits;

  Family(String modelType, Windows windows, Trait... traits) {
    this.modelType = modelType;
    this.windows = windows;
    this.traits = ImmutableSet.copyOf(traits);
  }

  boolean has(Trait trait) {
    return traits.contains(trait);
  }
}
