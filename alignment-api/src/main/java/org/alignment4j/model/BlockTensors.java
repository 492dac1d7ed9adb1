package org.alignment4j.model;

import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.adapter.TunedBlock.Weight;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.tensor.BlockWeight;
import org.alignment4j.model.BlockLayout.Part;
import org.alignment4j.model.BlockLayout.Slot;

/** Converts a block's weights between named tensors in Java and arrays on the device. */
final class BlockTensors {
  private BlockTensors() {}

  /** A tuned block's weights as arrays in {@code manager}. */
  static ModelBlock toNative(
      ModelConfig config, Precision precision, TunedBlock block, NDManager manager) {
    Map<BlockWeight, Matrix> own = new EnumMap<>(BlockWeight.class);
    int used = 0;
    for (Map.Entry<BlockWeight, Slot> e : BlockLayout.of(config).slots().entrySet()) {
      Slot slot = e.getValue();
      String name = BlockLayout.nameOf(block.layer(), e.getKey());
      Matrix matrix = slot.format(precision.format().tuned()).empty(name, slot.shape(), manager);
      long at = 0;
      for (Part part : slot.parts()) {
        float[] values = values(block, part);
        matrix.fill(
            at, values.length, (first, into) -> into.put(values, (int) first, into.remaining()));
        at += values.length;
        used++;
      }
      own.put(e.getKey(), matrix);
    }
    if (used != block.tensors().size()) {
      throw new CheckpointException(
          "the tuned block has " + block.tensors().size() + " tensors, the model's block " + used);
    }
    return new ModelBlock(own);
  }

  private static float[] values(TunedBlock block, Part part) {
    Weight w = block.tensors().get(part.name());
    if (w == null || !Arrays.equals(w.shape(), part.shape())) {
      throw new CheckpointException(
          "the tuned block's "
              + part.name()
              + " has shape "
              + (w == null ? "(absent)" : Arrays.toString(w.shape()))
              + ", the model's "
              + Arrays.toString(part.shape()));
    }
    return w.values();
  }

  /** The named tensors of a block's weights, or of gradients of the same shapes. */
  static Map<String, Weight> toJava(ModelConfig config, Map<BlockWeight, Matrix> block) {
    Map<String, Weight> tensors = new LinkedHashMap<>();
    BlockLayout.of(config)
        .slots()
        .forEach(
            (weight, slot) -> {
              Matrix matrix = block.get(weight);
              if (matrix == null) {
                throw new IllegalStateException("no " + weight + " among " + block.keySet());
              }
              float[] all = matrix.floats();
              int at = 0;
              for (Part part : slot.parts()) {
                int n = (int) part.elements();
                float[] own = Arrays.copyOfRange(all, at, at + n);
                tensors.put(part.name(), new Weight(part.shape(), own));
                at += n;
              }
            });
    return tensors;
  }
}
