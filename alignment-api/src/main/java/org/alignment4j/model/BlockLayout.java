package org.alignment4j.model;

import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.core.Layer;

/**
 * How a block's tensors, named as in Hugging Face checkpoints, lie in the fused arrays that the
 * kernels read: queries, keys and values are rows of one matrix, gate and up rows of another.
 *
 * @param slots the arrays of one block in the order of {@code block.torchscript}
 */
record BlockLayout(List<Slot> slots) {
  /** Arrays per block; absent ones have no elements. */
  static final int STRIDE = 9;

  /**
   * One fused array.
   *
   * @param shape of the whole; {@code [0]} if the architecture has none
   * @param parts the checkpoint's tensors it consists of, first dimension after first dimension
   */
  record Slot(Shape shape, List<Part> parts) {}

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
    long q = (long) c.heads() * c.headSize();
    long kv = (long) c.kvHeads() * c.headSize();
    List<Slot> slots = new ArrayList<>();
    slots.add(slot(part("input_layernorm.weight", d)));
    slots.add(
        slot(
            part("self_attn.q_proj.weight", q, d),
            part("self_attn.k_proj.weight", kv, d),
            part("self_attn.v_proj.weight", kv, d)));
    slots.add(
        c.family().projectionBias
            ? slot(
                part("self_attn.q_proj.bias", q),
                part("self_attn.k_proj.bias", kv),
                part("self_attn.v_proj.bias", kv))
            : slot());
    slots.add(c.family().headNorms ? slot(part("self_attn.q_norm.weight", c.headSize())) : slot());
    slots.add(c.family().headNorms ? slot(part("self_attn.k_norm.weight", c.headSize())) : slot());
    slots.add(slot(part("self_attn.o_proj.weight", d, q)));
    slots.add(slot(part("post_attention_layernorm.weight", d)));
    slots.add(
        slot(
            part("mlp.gate_proj.weight", c.mlpWidth(), d),
            part("mlp.up_proj.weight", c.mlpWidth(), d)));
    slots.add(slot(part("mlp.down_proj.weight", d, c.mlpWidth())));
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
