package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.adapter.TunedBlock.Weight;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.model.BlockLayout.Part;
import org.alignment4j.model.BlockLayout.Slot;
import org.alignment4j.tensor.NativeTensor;

/** Moves a block's weights between named tensors in Java and the kernels' fused arrays. */
final class BlockTensors {
  private BlockTensors() {}

  /** Fused arrays of a block in {@code manager}. */
  static List<NDArray> toNative(
      ModelConfig config, Precision precision, TunedBlock block, NDManager manager) {
    List<NDArray> arrays = new ArrayList<>();
    int used = 0;
    for (Slot slot : BlockLayout.of(config).slots()) {
      float[] all = new float[(int) slot.shape().size()];
      int at = 0;
      for (Part part : slot.parts()) {
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
        System.arraycopy(w.values(), 0, all, at, w.values().length);
        at += w.values().length;
        used++;
      }
      NDArray array = NativeTensor.empty(manager, slot.type(precision), slot.shape());
      NativeTensor.fill(
          array, 0, all.length, (first, into) -> into.put(all, (int) first, into.remaining()));
      arrays.add(array);
    }
    if (used != block.tensors().size()) {
      throw new CheckpointException(
          "the tuned block has " + block.tensors().size() + " tensors, the model's block " + used);
    }
    return arrays;
  }

  /** Named tensors of a block's fused arrays, or of gradients of the same shapes. */
  static Map<String, Weight> toJava(ModelConfig config, List<NDArray> arrays) {
    Map<String, Weight> tensors = new LinkedHashMap<>();
    List<Slot> slots = BlockLayout.of(config).slots();
    for (int i = 0; i < slots.size(); i++) {
      if (slots.get(i).parts().isEmpty()) {
        continue;
      }
      float[] all = floats(arrays.get(i));
      int at = 0;
      for (Part part : slots.get(i).parts()) {
        int n = (int) part.elements();
        tensors.put(part.name(), new Weight(part.shape(), Arrays.copyOfRange(all, at, at + n)));
        at += n;
      }
    }
    return tensors;
  }

  /**
   * Float32 copies of a block's own arrays, to be trained; gradients do not flow through a copy.
   */
  static List<NDArray> copy(List<NDArray> arrays, NDManager manager) {
    return NativeTensor.copies(
        arrays.subList(0, Math.min(arrays.size(), BlockLayout.WEIGHTS)), manager);
  }

  private static float[] floats(NDArray array) {
    float[] all = new float[(int) array.getShape().size()];
    NativeTensor.read(array, 0, FloatBuffer.wrap(all));
    return all;
  }
}
