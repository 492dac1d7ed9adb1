package org.alignment4j.sysformer;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.sysformer.SysformerSettings.LossWeights;
import org.alignment4j.train.TrainingLoop.Objective;

/** The weighted sum of the four losses through the frozen model (section 3 of the paper). */
final class GuardObjective implements Objective<GuardRow> {
  private static final List<String> LOSSES =
      List.of("refusal", "compliance", "classification", "reconstruction");

  private final NativeSysformer sysformer;
  private final LossWeights weights;

  GuardObjective(NativeSysformer sysformer, LossWeights weights) {
    this.sysformer = sysformer;
    this.weights = weights;
  }

  @Override
  public NDList parameters() {
    return sysformer.parameters();
  }

  @Override
  public List<String> parameterNames() {
    return sysformer.parameterNames();
  }

  @Override
  public Gradients gradients(List<GuardRow> batch, NDManager scope, long stepSeed) {
    NDList found = sysformer.loss(batch, weights, scope);
    float[] parts = found.get(1).toFloatArray();
    Map<String, Double> metrics = new LinkedHashMap<>();
    for (int i = 0; i < parts.length; i++) {
      metrics.put(LOSSES.get(i), (double) parts[i]);
    }
    return new Gradients(
        found.get(0).getFloat(), batch.size(), new NDList(found.subList(3, found.size())), metrics);
  }
}
