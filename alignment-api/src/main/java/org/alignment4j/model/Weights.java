package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.BlockWeight;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.model.BlockLayout.Part;
import org.alignment4j.model.BlockLayout.Slot;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model's weights on its device: matrices in the format of its precision, norms in float32.
 * Immutable; shared by every view of the model.
 */
final class Weights {
  private static final Logger LOG = LoggerFactory.getLogger(Weights.class);
  private static final String EMBEDDINGS = "model.embed_tokens";
  private static final String OUTPUT = "lm_head";
  private static final String FINAL_NORM = "model.norm";
  private static final String WEIGHT = ".weight";

  private final KernelTable table;

  /** [0], represents absent weights. */
  private final NDArray none;

  private final Matrix embeddings;
  private final List<ModelBlock> blocks;
  private final Matrix finalNorm;
  private final Matrix output;

  /** All arrays in the layout that kernels read. */
  private final List<NDArray> arrays;

  private Weights(
      KernelTable table,
      NDArray none,
      Matrix embeddings,
      List<ModelBlock> blocks,
      Matrix finalNorm,
      Matrix output) {
    this.table = table;
    this.none = none;
    this.embeddings = embeddings;
    this.blocks = List.copyOf(blocks);
    this.finalNorm = finalNorm;
    this.output = output;
    this.arrays = table.layout(embeddings, blocks, finalNorm, output, none);
  }

  /**
   * The configuration adjusted to the stored output matrix: if it differs from the embeddings, they
   * are not tied, whatever the flag says, as in transformers 5.
   */
  static ModelConfig withStoredHead(Checkpoint checkpoint, ModelConfig config) {
    if (!config.tiedHead()
        || !checkpoint.contains(EMBEDDINGS + WEIGHT)
        || !checkpoint.contains(OUTPUT + WEIGHT)
        || checkpoint.sameValues(EMBEDDINGS + WEIGHT, OUTPUT + WEIGHT)) {
      return config;
    }
    LOG.warn(
        "{}: tie_word_embeddings is true, but {} differs from {}: treated as not tied; set it to false"
            + " to avoid this warning",
        checkpoint.origin(),
        OUTPUT + WEIGHT,
        EMBEDDINGS + WEIGHT);
    return config.withOwnHead();
  }

  /**
   * Bytes beyond {@link ModelConfig#weightBytes} that the blocks take because the checkpoint stores
   * some matrices in more bits.
   */
  static long more(Checkpoint checkpoint, ModelConfig config, Precision precision) {
    long more = 0;
    BlockLayout layout = BlockLayout.of(config);
    for (int b = 0; b < config.blocks(); b++) {
      Layer layer = Layer.ofBlock(b);
      for (Slot slot : layout.slots().values()) {
        MatrixFormat format = slot.format(precision.format());
        List<String> tensors =
            slot.parts().stream().map(part -> BlockLayout.fullName(layer, part)).toList();
        more += format.of(checkpoint, tensors).bytes(slot.shape()) - format.bytes(slot.shape());
      }
    }
    return more;
  }

  static Weights load(
      Checkpoint checkpoint, ModelConfig config, Precision precision, NDManager manager) {
    try (WeightsReader reader = new WeightsReader(checkpoint, precision, manager)) {
      return load(reader, config, precision, manager);
    }
  }

  private static Weights load(
      WeightsReader reader, ModelConfig config, Precision precision, NDManager manager) {
    NDArray none = manager.create(new Shape(0));
    long v = config.vocabulary();
    long d = config.width();
    // Tied weights may be stored under either name.
    boolean onlyHead =
        config.tiedHead() && !reader.has(EMBEDDINGS + WEIGHT) && reader.has(OUTPUT + WEIGHT);
    Matrix embeddings =
        reader.readTable(EMBEDDINGS, end(false, onlyHead ? OUTPUT : EMBEDDINGS, v, d));
    Matrix output;
    if (config.tiedHead()) {
      output = embeddings.forProducts();
      reader.passOver(OUTPUT + WEIGHT);
    } else {
      output = reader.read(OUTPUT, end(false, OUTPUT, v, d), "");
    }
    Matrix norm = reader.read(FINAL_NORM, end(true, FINAL_NORM, d), "");
    BlockLayout layout = BlockLayout.of(config);
    List<ModelBlock> blocks = new ArrayList<>();
    for (int b = 0; b < config.blocks(); b++) {
      Layer layer = Layer.ofBlock(b);
      String prefix = "model.layers." + b + ".";
      Map<BlockWeight, Matrix> own = new EnumMap<>(BlockWeight.class);
      layout
          .slots()
          .forEach(
              (w, slot) -> own.put(w, reader.read(BlockLayout.nameOf(layer, w), slot, prefix)));
      blocks.add(new ModelBlock(own));
    }
    reader.rejectUnread(config.blocks());
    Weights weights =
        new Weights(new KernelTable(precision.format()), none, embeddings, blocks, norm, output);
    Kernels.share(weights.arrays);
    return weights;
  }

  private static Slot end(boolean norm, String name, long... shape) {
    return Slot.of(norm, new Part(name + WEIGHT, shape));
  }

  /** [V, D]. */
  Matrix embeddings() {
    return embeddings;
  }

  /** [D]. */
  Matrix finalNorm() {
    return finalNorm;
  }

  /** [V, D]; the embedding table if tied. */
  Matrix output() {
    return output;
  }

  /** The block that writes {@code layer}. */
  ModelBlock block(Layer layer) {
    return blocks.get(layer.block());
  }

  /** All arrays, in the layout that kernels read. */
  List<NDArray> arrays() {
    return arrays;
  }

  /** The arrays of the blocks that write layers {@code first + 1} to {@code end}. */
  List<NDArray> arrays(int first, int end) {
    return arrays.subList(first * table.stride(), end * table.stride());
  }

  /** The arrays of embeddings, final norm and output. */
  List<NDArray> ends() {
    return arrays.subList(arrays.size() - table.ends(), arrays.size());
  }

  /** The same weights with one block replaced. */
  Weights with(Layer layer, ModelBlock block) {
    List<ModelBlock> all = new ArrayList<>(blocks);
    all.set(layer.block(), block);
    return new Weights(table, none, embeddings, all, finalNorm, output);
  }

  /** The same blocks with other embeddings, final norm and output matrix. */
  Weights withEnds(Matrix newEmbeddings, Matrix newNorm, Matrix newOutput) {
    return new Weights(table, none, newEmbeddings, blocks, newNorm, newOutput);
  }

  /** The same embeddings, final norm and output matrix with other blocks. */
  Weights withBlocks(List<ModelBlock> others) {
    return new Weights(table, none, embeddings, others, finalNorm, output);
  }

  /** The blocks, in the order of the layers they write. */
  List<ModelBlock> blocks() {
    return blocks;
  }

  /** Whether any matrix has a low-rank change. */
  boolean hasLowRank() {
    return blocks.stream().anyMatch(b -> !b.changes().isEmpty());
  }
}
