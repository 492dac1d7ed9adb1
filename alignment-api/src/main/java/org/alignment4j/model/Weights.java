package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.model.BlockLayout.Part;
import org.alignment4j.model.BlockLayout.Slot;
import org.alignment4j.tensor.Checkpoint;
import org.alignment4j.tensor.Kernels;
import org.alignment4j.tensor.NativeTensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model's weights on its device, matrices in the storage type of its precision, norms in float32:
 * immutable, shared by every view of the model.
 *
 * @param embeddings [V, D]
 * @param blocks the arrays of all blocks, {@link BlockLayout#STRIDE} per block
 * @param finalNorm [D]
 * @param output [V, D]; the embeddings if tied
 */
record Weights(NDArray embeddings, List<NDArray> blocks, NDArray finalNorm, NDArray output) {
  private static final int SKIPPED = BlockLayout.STRIDE - BlockLayout.WEIGHTS;

  private static final Logger LOG = LoggerFactory.getLogger(Weights.class);
  private static final Pattern BLOCK = Pattern.compile("model\\.layers\\.(\\d{1,6})\\.");
  private static final String EMBEDDINGS = "model.embed_tokens.weight";
  private static final String OUTPUT = "lm_head.weight";
  private static final String FINAL_NORM = "model.norm.weight";

  /**
   * The configuration with the head that the checkpoint has: two tensors that differ are not tied,
   * whatever the flag says, as in transformers 5.
   */
  static ModelConfig withStoredHead(Checkpoint checkpoint, ModelConfig config) {
    if (!config.tiedHead()
        || !checkpoint.contains(EMBEDDINGS)
        || !checkpoint.contains(OUTPUT)
        || checkpoint.sameValues(EMBEDDINGS, OUTPUT)) {
      return config;
    }
    LOG.warn(
        "{}: tie_word_embeddings is true, but {} differs from {}: they are not tied; false would"
            + " say so",
        checkpoint.files().get(0).getParent(),
        OUTPUT,
        EMBEDDINGS);
    return config.withOwnHead();
  }

  static Weights load(
      Checkpoint checkpoint, ModelConfig config, Precision precision, NDManager manager) {
    Reader reader = new Reader(checkpoint, precision, manager);
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
    if (config.tiedHead()) {
      reader.seen.add(OUTPUT);
    }
    NDArray norm = reader.read(whole(FINAL_NORM, d), "");
    BlockLayout layout = BlockLayout.of(config);
    List<NDArray> blocks = new ArrayList<>();
    for (int b = 0; b < config.blocks(); b++) {
      for (Slot slot : layout.slots()) {
        blocks.add(
            slot.parts().isEmpty() ? reader.none : reader.read(slot, "model.layers." + b + "."));
      }
      blocks.addAll(Collections.nCopies(SKIPPED, reader.none));
    }
    reader.refuseRest(config.blocks());
    Kernels.share(blocks);
    return new Weights(embeddings, List.copyOf(blocks), norm, output);
  }

  /** The arrays of the blocks that write layers {@code first + 1} to {@code end}. */
  List<NDArray> range(int first, int end) {
    return blocks.subList(first * BlockLayout.STRIDE, end * BlockLayout.STRIDE);
  }

  /** The same weights but for one block's first arrays, its own or those and low-rank changes. */
  Weights withBlock(Layer layer, List<NDArray> arrays) {
    List<NDArray> copy = new ArrayList<>(blocks);
    for (int i = 0; i < arrays.size(); i++) {
      copy.set(layer.block() * BlockLayout.STRIDE + i, arrays.get(i));
    }
    return new Weights(embeddings, List.copyOf(copy), finalNorm, output);
  }

  /** The same weights but for one block, without low-rank changes of it. */
  Weights withBlockAlone(Layer layer, List<NDArray> arrays, NDArray none) {
    List<NDArray> all = new ArrayList<>(arrays);
    all.addAll(Collections.nCopies(SKIPPED, none));
    return withBlock(layer, all);
  }

  /** Whether any matrix has a low-rank change beside it. */
  boolean hasLowRank() {
    for (int i = 0; i < blocks.size(); i++) {
      if (i % BlockLayout.STRIDE >= BlockLayout.WEIGHTS && blocks.get(i).getShape().size() > 0) {
        return true;
      }
    }
    return false;
  }

  /** The same ends around other arrays of blocks. */
  Weights withBlocks(List<NDArray> arrays) {
    return new Weights(embeddings, List.copyOf(arrays), finalNorm, output);
  }

  private static Slot whole(String name, long... shape) {
    return new Slot(new Shape(shape), List.of(new Part(name, shape)));
  }

  /** Reads tensors into native memory, chunk by chunk, checking shape and finiteness. */
  private static final class Reader {
    private final Checkpoint checkpoint;
    private final Precision precision;
    private final NDManager manager;
    private final NDArray none;
    private final Set<String> seen = new HashSet<>();

    Reader(Checkpoint checkpoint, Precision precision, NDManager manager) {
      this.checkpoint = checkpoint;
      this.precision = precision;
      this.manager = manager;
      this.none = manager.create(new Shape(0));
    }

    NDArray read(Slot slot, String prefix) {
      for (Part part : slot.parts()) {
        check(prefix + part.name(), part.shape());
      }
      NDArray array = NativeTensor.empty(manager, slot.type(precision), slot.shape());
      long at = 0;
      for (Part part : slot.parts()) {
        String name = prefix + part.name();
        NativeTensor.Source source = (first, into) -> checkpoint.read(name, first, into);
        if (!NativeTensor.fill(array, at, part.elements(), source)) {
          refuseInfinite(name, part.elements());
        }
        seen.add(name);
        at += part.elements();
      }
      return array;
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

    private void refuseInfinite(String name, long elements) {
      FloatBuffer one = FloatBuffer.allocate(1 << 16);
      for (long first = 0; first < elements; first += one.capacity()) {
        one.clear().limit((int) Math.min(one.capacity(), elements - first));
        checkpoint.read(name, first, one);
        for (int i = 0; i < one.limit(); i++) {
          if (!Float.isFinite(one.get(i))) {
            throw new CheckpointException(
                name
                    + " in "
                    + checkpoint.files().get(0).getParent()
                    + " is not finite at element "
                    + (first + i)
                    + ": "
                    + one.get(i));
          }
        }
      }
      throw new CheckpointException(
          name
              + " in "
              + checkpoint.files().get(0).getParent()
              + " holds numbers beyond the range of "
              + precision.storage()
              + "; load it in another precision");
    }

    /**
     * A weight nobody reads would change the model's outputs silently; blocks beyond those that
     * config.json asks for are left out with a warning, as in transformers.
     */
    void refuseRest(int blocks) {
      Set<Integer> beyond = new TreeSet<>();
      for (String name : checkpoint.names()) {
        if (seen.contains(name) || name.endsWith("rotary_emb.inv_freq")) {
          continue;
        }
        Matcher block = BLOCK.matcher(name);
        if (block.lookingAt() && Integer.parseInt(block.group(1)) >= blocks) {
          beyond.add(Integer.parseInt(block.group(1)));
          continue;
        }
        throw new CheckpointException(
            "tensor "
                + name
                + " in "
                + checkpoint.files().get(0).getParent()
                + " belongs to no part of this architecture");
      }
      if (!beyond.isEmpty()) {
        LOG.warn(
            "{}: the weights of blocks {} are left out, config.json asks for num_hidden_layers ="
                + " {}",
            checkpoint.files().get(0).getParent(),
            beyond,
            blocks);
      }
    }
  }
}
