package org.alignment4j.model;

import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.core.Layer;
import org.alignment4j.model.Family.Trait;
import org.alignment4j.tensor.StorageType;

/**
 * How a block's tensors, named as in Hugging Face checkpoints, lie in the fused arrays that the
 * kernels read: queries, keys and values are rows of one matrix, gate and up rows of another.
 *
 * @param slots the arrays of one block in the order of {@code block.torchscript}
 */
record BlockLayout(List<Slot> slots) {
  /** A block's own arrays; absent ones have no elements. */
  static final int WEIGHTS = 11;

  /** Arrays per block in the kernels' lists: its own, then A and B of four low-rank changes. */
  static final int STRIDE = WEIGHTS + 8;

  /**
   * One fused array.
   *
   * @param shape of the whole; {@code [0]} if the architecture has none
   * @param parts the checkpoint's tensors it consists of, first dimension after first dimension
   */
  record Slot(Shape shape, List<Part> parts) {
    /** What it is kept in: norms are float32 always. */
    StorageType type(Precision precision) {
      boolean norm = !parts.isEmpty() && parts.get(0).name().endsWith("norm.weight");
      return norm ? StorageType.F32 : precision.storage();
    }

    /** Whether this is a matrix, which a low-rank change may apply to. */
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
  record Part(String name, long[] shape) {
    long elements() {
      long n = 1;
      for (long d : shape) {
        n *= d;
      }
      return n;
    }
  }

  static BlockLayout of(ModelConfig c) {
    long d = c.width();
    long f = c.mlpWidth();
    long q = (long) c.heads() * c.headSize();
    long kv = (long) c.kvHeads() * c.headSize();
    Family family = c.family();
    boolean fused = family.has(Trait.FUSED_PROJECTIONS);
    boolean post = family.has(Trait.POST_NORMS);
    List<Slot> slots = new ArrayList<>();
    slots.add(slot(part("input_layernorm.weight", d)));
    slots.add(
        fused
            ? slot(part("self_attn.qkv_proj.weight", q + 2 * kv, d))
            : slot(
                part("self_attn.q_proj.weight", q, d),
                part("self_attn.k_proj.weight", kv, d),
                part("self_attn.v_proj.weight", kv, d)));
    slots.add(
        family.has(Trait.PROJECTION_BIAS)
            ? slot(
                part("self_attn.q_proj.bias", q),
                part("self_attn.k_proj.bias", kv),
                part("self_attn.v_proj.bias", kv))
            : slot());
    boolean headNorms = family.has(Trait.HEAD_NORMS);
    slots.add(headNorms ? slot(part("self_attn.q_norm.weight", c.headSize())) : slot());
    slots.add(headNorms ? slot(part("self_attn.k_norm.weight", c.headSize())) : slot());
    slots.add(slot(part("self_attn.o_proj.weight", d, q)));
    // With post-norms the name of the norm before the MLP means the one behind attention.
    slots.add(
        slot(
            part(
                post ? "pre_feedforward_layernorm.weight" : "post_attention_layernorm.weight", d)));
    slots.add(
        fused
            ? slot(part("mlp.gate_up_proj.weight", 2 * f, d))
            : slot(part("mlp.gate_proj.weight", f, d), part("mlp.up_proj.weight", f, d)));
    slots.add(slot(part("mlp.down_proj.weight", d, f)));
    slots.add(post ? slot(part("post_attention_layernorm.weight", d)) : slot());
    slots.add(post ? slot(part("post_feedforward_layernorm.weight", d)) : slot());
    return new BlockLayout(slots);
  }

  /** The full name in a checkpoint of a part of the block that writes {@code layer}. */
  static String fullName(Layer layer, Part part) {
    return "model.layers." + layer.block() + "." + part.name();
  }

  private static Part part(String name, long... shape) {
    return new Part(name, shape);
  }

  private static Slot slot(Part... parts) {
    long rows = 0;
    for (Part p : parts) {
      rows += p.shape()[0];
    }
    Shape shape =
        parts.length == 0
            ? new Shape(0)
            : parts[0].shape().length == 1 ? new Shape(rows) : new Shape(rows, parts[0].shape()[1]);
    return new Slot(shape, List.of(parts));
  }
}
