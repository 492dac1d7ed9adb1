package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.OutOfMemoryException;
import org.alignment4j.model.BlockLayout.Part;
import org.alignment4j.model.BlockLayout.Slot;
import org.alignment4j.tensor.Checkpoint;

/**
 * A model's float32 weights on its device: immutable, shared by every view of the model.
 *
 * @param embeddings [V, D]
 * @param blocks the arrays of all blocks, {@link BlockLayout#STRIDE} per block
 * @param finalNorm [D]
 * @param output [V, D]; the embeddings if tied
 */
record Weights(NDArray embeddings, List<NDArray> blocks, NDArray finalNorm, NDArray output) {
  private static final String EMBEDDINGS = "model.embed_tokens.weight";
  private static final String OUTPUT = "lm_head.weight";
  private static final String FINAL_NORM = "model.norm.weight";

  static Weights load(Checkpoint checkpoint, ModelConfig config, NDManager manager) {
    Reader reader = new Reader(checkpoint, manager);
    long v = config.vocabulary();
    long d = config.width();
    // Tied weights may be stored under either name.
    boolean onlyHead =
        config.tiedHead() && !checkpoint.contains(EMBEDDINGS) && checkpoint.contains(OUTPUT);
    NDArray embeddings = reader.read(whole(onlyHead ? OUTPUT : EMBEDDINGS, v, d), "");
    NDArray output = embeddings;
    if (!config.tiedHead()) {
      output = reader.read(whole(OUTPUT, v, d), "");
    }
    reader.seen.add(OUTPUT);
    NDArray norm = reader.read(whole(FINAL_NORM, d), "");
    BlockLayout layout = BlockLayout.of(config);
    List<NDArray> blocks = new ArrayList<>();
    for (int b = 0; b < config.blocks(); b++) {
      for (Slot slot : layout.slots()) {
        blocks.add(reader.read(slot, "model.layers." + b + "."));
      }
    }
    reader.refuseRest();
    return new Weights(embeddings, List.copyOf(blocks), norm, output);
  }

  /** The arrays of the blocks that write layers {@code first + 1} to {@code end}. */
  List<NDArray> range(int first, int end) {
    return blocks.subList(first * BlockLayout.STRIDE, end * BlockLayout.STRIDE);
  }

  /** The same weights but for one block. */
  Weights withBlock(Layer layer, List<NDArray> arrays) {
    List<NDArray> copy = new ArrayList<>(blocks);
    for (int i = 0; i < BlockLayout.STRIDE; i++) {
      copy.set(layer.block() * BlockLayout.STRIDE + i, arrays.get(i));
    }
    return new Weights(embeddings, List.copyOf(copy), finalNorm, output);
  }

  private static Slot whole(String name, long... shape) {
    return new Slot(new Shape(shape), List.of(new Part(name, shape)));
  }

  /** Reads tensors straight into native memory, chunk by chunk, checking shape and finiteness. */
  private static final class Reader {
    private final Checkpoint checkpoint;
    private final NDManager manager;
    private final Set<String> seen = new HashSet<>();

    Reader(Checkpoint checkpoint, NDManager manager) {
      this.checkpoint = checkpoint;
      this.manager = manager;
    }

    NDArray read(Slot slot, String prefix) {
      long elements = slot.shape().size();
      if (elements * Float.BYTES > Integer.MAX_VALUE) {
        throw new OutOfMemoryException(
            "tensor "
                + prefix
                + slot.parts().get(0).name()
                + " of "
                + elements
                + " elements is over the engine's 2 GiB for one float32 array");
      }
      for (Part part : slot.parts()) {
        check(prefix + part.name(), part.shape());
      }
      ByteBuffer bytes = buffer(elements);
      FloatBuffer floats = bytes.asFloatBuffer();
      int at = 0;
      for (Part part : slot.parts()) {
        String name = prefix + part.name();
        int n = (int) part.elements();
        FloatBuffer into = floats.slice(at, n);
        checkpoint.read(name, 0, into);
        finite(name, floats.slice(at, n));
        seen.add(name);
        at += n;
      }
      return manager.create(bytes, slot.shape(), DataType.FLOAT32);
    }

    private static ByteBuffer buffer(long elements) {
      try {
        return ByteBuffer.allocateDirect((int) (elements * Float.BYTES))
            .order(ByteOrder.nativeOrder());
      } catch (OutOfMemoryError e) {
        throw new OutOfMemoryException(
            "no room for " + elements * Float.BYTES + " bytes of weights", e);
      }
    }

    private void check(String name, long[] expected) {
      long[] found = checkpoint.info(name).shape();
      if (!Arrays.equals(found, expected)) {
        throw new CheckpointException(
            checkpoint.info(name).name()
                + " in "
                + checkpoint.files().get(0).getParent()
                + " has shape "
                + Arrays.toString(found)
                + ", config.json asks for "
                + Arrays.toString(expected));
      }
    }

    private void finite(String name, FloatBuffer values) {
      for (int i = 0; i < values.limit(); i++) {
        if (!Float.isFinite(values.get(i))) {
          throw new CheckpointException(
              name
                  + " in "
                  + checkpoint.files().get(0).getParent()
                  + " is not finite at element "
                  + i
                  + ": "
                  + values.get(i));
        }
      }
    }

    /** A weight nobody reads would change the model's outputs silently. */
    void refuseRest() {
      for (String name : checkpoint.names()) {
        if (!seen.contains(name) && !name.endsWith("rotary_emb.inv_freq")) {
          throw new CheckpointException(
              "tensor "
                  + name
                  + " in "
                  + checkpoint.files().get(0).getParent()
                  + " belongs to no part of this architecture");
        }
      }
    }
  }
}
