package org.alignment4j.model;

import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.BlockWeight;
import org.alignment4j.model.Family.Trait;

/**
 * The checkpoint tensors, by their Hugging Face names, that make up each weight of a block.
 *
 * @param slots the weights that the architecture has, in the enum's order
 */
record BlockLayout(Map<BlockWeight, Slot> slots) {
  /**
   * One weight.
   *
   * @param norm whether it is a norm
   * @param shape of the whole weight
   * @param parts the checkpoint tensors it consists of, concatenated along the first dimension
   */
  record Slot(boolean norm, Shape shape, List<Part> parts) {
    static Slot of(boolean norm, Part... parts) {
      long rows = 0;
      for (Part p : parts) {
        rows += p.shape()[0];
      }
      long[] first = parts[0].shape();
      Shape shape = first.length == 1 ? new Shape(rows) : new Shape(rows, first[1]);
      return new Slot(norm, shape, List.of(parts));
    }

    /**
     * The format it is stored in.
     *
     * @param matrices the format of matrices
     */
    MatrixFormat format(MatrixFormat matrices) {
      return norm ? FloatMatrix.FLOAT32 : isMatrix() ? matrices : matrices.vectors();
    }

    /** Whether this is a matrix, to which a low-rank change may apply. */
    boolean isMatrix() {
      return shape.dimension() == 2;
    }
  }

  /**
   * One tensor of the checkpoint.
   *
   * @param name without {@code model.layers.N.}
   * @param shape as stored
   */
  record Part(String name, long... shape) {
    long elements() {
      long n = 1;
      for (long d : shape) {
        n *= d;
      }
      return n;
    }

    /** The name without {@code .weight}, by which adapters identify a matrix. */
    String module() {
      return name.substring(0, name.length() - ".weight".length());
    }
  }

  static BlockLayout of(ModelConfig c) {
    long d = c.width();
    long f = c.mlpWidth();
    long q = (long) c.heads() * c.headSize();
    long kv = (long) c.kvHeads() * c.headSize();
    Family family = c.family();
    Map<BlockWeight, Slot> slots = new EnumMap<>(BlockWeight.class);
    slots.put(BlockWeight.INPUT_NORM, norm("input_layernorm", d));
    slots.put(BlockWeight.QKV, matrix(c, BlockWeight.QKV, q + 2 * kv, d));
    if (family.has(Trait.PROJECTION_BIAS)) {
      slots.put(
          BlockWeight.QKV_BIAS,
          Slot.of(
              false,
              new Part("self_attn.q_proj.bias", q),
              new Part("self_attn.k_proj.bias", kv),
              new Part("self_attn.v_proj.bias", kv)));
    }
    if (family.has(Trait.HEAD_NORMS)) {
      slots.put(BlockWeight.QUERY_NORM, norm("self_attn.q_norm", c.headSize()));
      slots.put(BlockWeight.KEY_NORM, norm("self_attn.k_norm", c.headSize()));
    }
    slots.put(BlockWeight.ATTENTION_OUTPUT, matrix(c, BlockWeight.ATTENTION_OUTPUT, d, q));
    slots.put(BlockWeight.GATE_UP, matrix(c, BlockWeight.GATE_UP, 2 * f, d));
    slots.put(BlockWeight.DOWN, matrix(c, BlockWeight.DOWN, d, f));
    if (family.has(Trait.POST_NORMS)) {
      // In Gemma 2 this name, the other families' norm before the MLP, is the norm after attention.
      slots.put(BlockWeight.MLP_NORM, norm("pre_feedforward_layernorm", d));
      slots.put(BlockWeight.ATTENTION_OUTPUT_NORM, norm("post_attention_layernorm", d));
      slots.put(BlockWeight.MLP_OUTPUT_NORM, norm("post_feedforward_layernorm", d));
    } else {
      slots.put(BlockWeight.MLP_NORM, norm("post_attention_layernorm", d));
    }
    return new BlockLayout(Collections.unmodifiableMap(slots));
  }

  private static Slot norm(String name, long size) {
    return Slot.of(true, new Part(name + ".weight", size));
  }

  private static Slot matrix(ModelConfig c, BlockWeight weight, long rows, long columns) {
    if (c.family().has(Trait.FUSED_PROJECTIONS)) {
      return Slot.of(false, new Part(weight.wholeModule() + ".weight", rows, columns));
    }
    List<Long> each = weight.rows(rows, c.heads(), c.kvHeads());
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < each.size(); i++) {
      parts.add(new Part(weight.modules().get(i) + ".weight", each.get(i), columns));
    }
    return Slot.of(false, parts.toArray(Part[]::new));
  }

  /** The name of a weight of the block that writes {@code layer}. */
  static String nameOf(Layer layer, BlockWeight weight) {
    return "model.layers." + layer.block() + "." + weight.label();
  }

  /** The full name in a checkpoint of a part of the block that writes {@code layer}. */
  static String fullName(Layer layer, Part part) {
    return "model.layers." + layer.block() + "." + part.name();
  }
}
