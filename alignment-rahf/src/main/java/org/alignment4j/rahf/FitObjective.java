package org.alignment4j.rahf;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.alignment4j.core.Layer;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.rahf.PreferenceSettings.FitLoss;
import org.alignment4j.train.TrainingLoop.Objective;

/**
 * Step 2 of RAHF: a LoRA's hidden states are fitted to the targets of {@link ActivityPatterns}. The
 * loss is a mean over layers and rows.
 */
final class FitObjective implements Objective<FitRow> {
  private final TrainableLora lora;
  private final ActivityPatterns patterns;
  private final List<Layer> layers;
  private final int tokens;
  private final FitLoss form;
  private final RahfKernels kernels;

  FitObjective(
      TrainableLora lora,
      ActivityPatterns patterns,
      List<Layer> layers,
      int tokens,
      FitLoss form,
      RahfKernels kernels) {
    this.lora = lora;
    this.patterns = patterns;
    this.layers = List.copyOf(layers);
    this.tokens = tokens;
    this.form = form;
    this.kernels = kernels;
  }

  @Override
  public NDList parameters() {
    return lora.parameters();
  }

  @Override
  public List<String> parameterNames() {
    return lora.parameterNames();
  }

  @Override
  public Gradients gradients(List<FitRow> batch, NDManager scope, long stepSeed) {
    List<float[][][]> wanted = patterns.of(batch);
    NDList targets = new NDList();
    int rows = wanted.stream().mapToInt(t -> t[0].length).sum();
    int width = wanted.get(0)[0][0].length;
    for (int l = 0; l < layers.size(); l++) {
      float[] flat = new float[rows * width];
      int at = 0;
      for (float[][][] target : wanted) {
        for (float[] row : target[l]) {
          System.arraycopy(row, 0, flat, at, width);
          at += width;
        }
      }
      targets.add(scope.create(flat, new Shape(rows, width)));
    }
    lora.seed(stepSeed);
    NDList states =
        lora.hiddenStates(batch.stream().map(FitRow::plain).toList(), layers, tokens, scope);
    NDList found = kernels.fit(states, targets, form, lora.parameters(), scope);
    return new Gradients(
        found.get(0).getFloat(),
        (double) rows * layers.size(),
        new NDList(found.subList(1, found.size())));
  }
}
