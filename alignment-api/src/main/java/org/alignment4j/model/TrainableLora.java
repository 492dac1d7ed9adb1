package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.LoraAdapter.Target;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;

/**
 * A LoRA in training: float32 pairs A and B over a frozen model, whose weights are shared, not
 * copied. The model must stay open. Changes that the model's view already has stay in force,
 * frozen.
 */
public final class TrainableLora implements Trainable {
  private final LanguageModel model;
  private final LoraAdapter initial;
  private final LowRank places;
  private final NDManager manager;
  private final NDList parameters = new NDList();
  private final List<String> names = new ArrayList<>();

  /**
   * Starts from an adapter's values.
   *
   * @throws org.alignment4j.core.CheckpointException if it does not fit the model
   */
  public TrainableLora(LanguageModel model, LoraAdapter initial) {
    model.requireUnsteered();
    this.model = model;
    this.initial = initial;
    this.places = LowRank.of(model.config(), initial);
    this.manager = model.manager().newSubManager();
    for (NDArray array : places.toNative(manager)) {
      array.setRequiresGradient(true);
      parameters.add(array);
    }
    for (String side : List.of("lora_A", "lora_B")) {
      for (Target t : places.targets()) {
        names.add("model.layers." + t.layer().block() + "." + t.module() + "." + side);
      }
    }
  }

  /**
   * A LoRA to start a training from: A drawn uniformly from +-1/sqrt(in), B zero, so that it
   * changes nothing yet.
   *
   * @param rank r, 1 or more
   * @param alpha the change is alpha / r times B A
   * @param modules matrices to change, such as {@code q_proj}, in each of the blocks
   * @param layers that the blocks write
   * @throws IllegalArgumentException if the model has no such matrix or block, by name
   */
  public static LoraAdapter initial(
      LanguageModel model,
      int rank,
      double alpha,
      Collection<String> modules,
      Collection<Layer> layers,
      long seed) {
    Map<String, Object> settings =
        Map.of(
            "rank",
            rank,
            "alpha",
            alpha,
            "modules",
            List.copyOf(modules),
            "layers",
            layers.stream().map(Layer::index).toList());
    return LoraAdapter.initial(
        rank,
        alpha,
        LowRank.shapes(model.config(), modules, layers),
        seed,
        new Provenance("lora", settings, seed, Map.of("model", model.hash()), Map.of()));
  }

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
    return LanguageLoss.crossEntropy(model, weights(scope, true), sequences, parameters, scope);
  }

  private Weights weights(NDManager scope, boolean train) {
    NDList fused = model.decoder().fuseLowRank(scope, places, parameters, initial.scale(), train);
    return places.applied(model.weights(), fused, model.decoder(), scope);
  }

  /** A view with the LoRA as it is now, which does not follow further training; close it. */
  @Override
  public LanguageModel view() {
    return model.with(snapshot(initial.provenance()));
  }

  /** The adapter as it is now. */
  public LoraAdapter snapshot(Provenance provenance) {
    List<Target> targets = new ArrayList<>();
    int n = places.targets().size();
    for (int i = 0; i < n; i++) {
      Target t = places.targets().get(i);
      targets.add(
          new Target(
              t.layer(),
              t.module(),
              t.in(),
              t.out(),
              parameters.get(i).toFloatArray(),
              parameters.get(n + i).toFloatArray()));
    }
    return new LoraAdapter(initial.rank(), initial.alpha(), targets, provenance);
  }

  @Override
  public void close() {
    manager.close();
  }
}
