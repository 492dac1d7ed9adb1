package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.alignment4j.adapter.TunedBlock.Weight;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.host.OutputFile;
import org.alignment4j.internal.tensor.BlockWeight;
import org.alignment4j.internal.tensor.ModelFiles;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorSource;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.tokenizer.ModelFolder;

/**
 * Float32 copies of some or all of a model's weights, trained with losses on its logits; the rest
 * is shared with the model and frozen. Not thread-safe; used by the training thread only. The model
 * must stay open.
 */
public final class TrainableWeights implements Trainable {
  private final LanguageModel model;
  private final NDManager manager;
  private final Weights weights;
  private final Set<Layer> layers;
  private final NDList parameters = new NDList();
  private final List<String> names = new ArrayList<>();

  private TrainableWeights(LanguageModel model, Set<Layer> layers, boolean ends) {
    ForwardPass pass = model.pass();
    pass.requireOwnWeights();
    this.model = model;
    this.layers = layers;
    this.manager = pass.manager().newSubManager();
    Weights w = pass.weights();
    if (ends) {
      FloatMatrix table = trained(w.embeddings().trainable(manager));
      FloatMatrix norm = trained(w.finalNorm().trainable(manager));
      w =
          w.withEnds(
              table,
              norm,
              model.config().tiedHead() ? table : trained(w.output().trainable(manager)));
    }
    for (Layer layer : layers) {
      ModelBlock block = w.block(layer).trainable(manager);
      block.own().values().forEach(this::trained);
      w = w.with(layer, block);
    }
    this.weights = w;
  }

  private <M extends Matrix> M trained(M matrix) {
    parameters.addAll(matrix.arrays());
    names.add(matrix.name());
    return matrix;
  }

  /** Trains everything: embeddings, all blocks, final norm, output matrix. */
  public static TrainableWeights all(LanguageModel model) {
    Set<Layer> layers = new TreeSet<>();
    for (int b = 0; b < model.config().blocks(); b++) {
      layers.add(Layer.ofBlock(b));
    }
    return new TrainableWeights(model, layers, true);
  }

  /** Trains the blocks that write some layers. */
  public static TrainableWeights blocks(LanguageModel model, Collection<Layer> layers) {
    require(!layers.isEmpty(), "no layers to train");
    for (Layer l : layers) {
      require(l.index() >= 1 && l.index() <= model.config().blocks(), "no block writes %s", l);
    }
    return new TrainableWeights(model, new TreeSet<>(layers), false);
  }

  /** The trained tensors, fused as the kernels read them. */
  @Override
  public NDList parameters() {
    return parameters;
  }

  @Override
  public List<String> parameterNames() {
    return List.copyOf(names);
  }

  @Override
  public NDList crossEntropy(List<Encoded> sequences, NDManager scope) {
    return LanguageLoss.of(model.pass().with(weights)).crossEntropy(sequences, parameters, scope);
  }

  @Override
  public NDArray logProbabilities(List<Encoded> sequences, NDManager scope) {
    return LanguageLoss.of(model.pass().with(weights)).logProbabilities(sequences, scope);
  }

  NDList crossEntropy(Batch batch, List<Encoded> sequences, NDManager scope) {
    return LanguageLoss.of(model.pass().with(weights))
        .crossEntropy(batch, sequences, parameters, scope);
  }

  /** The gradients of one trained block by their checkpoint names. */
  Map<String, Weight> blockGradients(Layer layer, NDList gradients) {
    require(layers.contains(layer), "%s is not trained", layer);
    Map<BlockWeight, Matrix> found = new EnumMap<>(BlockWeight.class);
    weights
        .block(layer)
        .own()
        .forEach(
            (weight, m) ->
                found.put(
                    weight, new FloatMatrix(m.name(), gradients.get(names.indexOf(m.name())))));
    return BlockTensors.toJava(model.config(), found);
  }

  /** A view that follows further training and owns no native memory. */
  @Override
  public LanguageModel view() {
    return model.over(model.pass().with(weights));
  }

  /**
   * Writes a full checkpoint: the current weights, and the configuration and tokenizer files of the
   * model's folder.
   *
   * @param folder created if absent
   * @param precision its storage type becomes the type of all tensors in the file
   * @throws IllegalArgumentException if it stores matrices in a type that is not a float type
   */
  public void save(Path folder, Precision precision, Provenance provenance) {
    StorageType type = precision.storage();
    require(
        type.isFloat(),
        "%s: a checkpoint is written in a float type, such as FLOAT32 or BFLOAT16_WEIGHTS",
        precision);
    try {
      Files.createDirectories(folder);
      if (!model.path().equals(folder)) {
        ModelFolder.copy(model.path(), folder);
      }
      if (!model.config().tiedHead()) {
        ModelFiles.untieHead(folder);
      }
      OutputFile.checkpoint(folder.resolve("provenance.json")).writeAll(provenance.toJson());
    } catch (IOException e) {
      throw new CheckpointException("cannot write " + folder + ": " + Reasons.of(e), e);
    }
    ModelConfig c = model.config();
    long[] table = {c.vocabulary(), c.width()};
    List<TensorSource> sources = new ArrayList<>();
    sources.add(source("model.embed_tokens.weight", type, table, weights.embeddings()));
    for (int b = 0; b < c.blocks(); b++) {
      String prefix = "model.layers." + b + ".";
      BlockTensors.toJava(c, weights.block(Layer.ofBlock(b)).own())
          .forEach(
              (name, w) ->
                  sources.add(TensorSource.of(prefix + name, type, w.shape(), w.values())));
    }
    sources.add(source("model.norm.weight", type, new long[] {c.width()}, weights.finalNorm()));
    if (!c.tiedHead()) {
      sources.add(source("lm_head.weight", type, table, weights.output()));
    }
    SafetensorsWriter.write(folder.resolve("model.safetensors"), Map.of(), sources);
  }

  private static TensorSource source(String name, StorageType type, long[] shape, Matrix matrix) {
    return new TensorSource(name, type, shape, matrix::read);
  }

  @Override
  public void close() {
    manager.close();
  }
}
