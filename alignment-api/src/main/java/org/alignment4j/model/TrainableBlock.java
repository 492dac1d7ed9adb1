package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;

/**
 * A float32 copy of one block, trained on cached inputs while everything else stays frozen. Not
 * thread-safe; used by the training thread only. The model must stay open.
 */
public final class TrainableBlock implements AutoCloseable {
  private final LanguageModel model;
  private final ForwardPass pass;
  private final Layer layer;
  private final NDManager manager;
  private final ModelBlock block;

  /** The model's weights with this block. */
  private final Weights weights;

  private final NDList parameters = new NDList();
  private final List<String> names = new ArrayList<>();

  private TrainableBlock(LanguageModel model, Layer layer) {
    this.model = model;
    this.pass = model.pass();
    pass.requireOwnWeights();
    this.layer = layer;
    this.manager = pass.manager().newSubManager();
    this.block = pass.weights().block(layer).trainable(manager);
    this.weights = pass.weights().with(layer, block);
    for (Matrix m : block.own().values()) {
      parameters.addAll(m.arrays());
      names.add(m.name());
    }
  }

  /**
   * Copies the block that writes {@code layer}.
   *
   * @throws IllegalArgumentException if no block of the model writes it
   */
  public static TrainableBlock of(LanguageModel model, Layer layer) {
    require(
        layer.index() >= 1 && layer.index() <= model.config().blocks(),
        "no block writes %s in a model of %s blocks",
        layer,
        model.config().blocks());
    return new TrainableBlock(model, layer);
  }

  /** The layer this block writes. */
  public Layer layer() {
    return layer;
  }

  /** The weights, fused as the kernels read them, float32, requiring gradients; live tensors. */
  public NDList parameters() {
    return parameters;
  }

  /** Names of the parameters, in their order. */
  public List<String> parameterNames() {
    return List.copyOf(names);
  }

  /**
   * The block's output at the last token of some cached sequences; only keys and values are
   * computed for the earlier tokens.
   *
   * @param cache inputs of this block
   * @param which indices of sequences in the cache [B]
   * @param gradients whether gradients flow to the parameters
   * @return [B, D] in {@code scope}
   */
  public NDArray lastToken(PrefixCache cache, int[] which, boolean gradients, NDManager scope) {
    require(
        cache.layer().index() == layer.block(),
        "the cache holds %s, block %s reads layer %s",
        cache.layer(),
        layer.index(),
        layer.block());
    Batch batch = cache.batch(which);
    long[] pick = batch.lastTokens();
    return pass.decoder()
        .blocks(
            scope,
            cache.inputs(batch, scope),
            weights,
            batch,
            new Decoder.Pass(
                layer.block(), layer.index(), List.of(), new long[] {0}, pick, List.of()),
            gradients)
        .get(0);
  }

  /** A new manager for temporary tensors on the block's device; close it. */
  public NDManager newScope() {
    return manager.newSubManager();
  }

  /** A view of the model with the block as it is now; it follows further training. */
  public LanguageModel view() {
    return model.over(pass.with(weights));
  }

  /** The block's weights as they are now. */
  public TunedBlock snapshot(Provenance provenance) {
    return new TunedBlock(layer, BlockTensors.toJava(model.config(), block.own()), provenance);
  }

  @Override
  public void close() {
    manager.close();
  }
}
