package org.alignment4j.rahf;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alignment4j.chat.Encoded;
import org.alignment4j.model.Trainable;
import org.alignment4j.train.TrainingLoop.Objective;

/**
 * Direct preference optimization: -log sigmoid(beta ((log pi(y+) - log ref(y+)) - (log pi(y-) - log
 * ref(y-)))), sums over response tokens.
 */
final class DpoObjective implements Objective<DpoRow> {
  private final Trainable weights;
  private final double beta;
  private final RahfKernels kernels;

  DpoObjective(Trainable weights, double beta, RahfKernels kernels) {
    this.weights = weights;
    this.beta = beta;
    this.kernels = kernels;
  }

  @Override
  public NDList parameters() {
    return weights.parameters();
  }

  @Override
  public List<String> parameterNames() {
    return weights.parameterNames();
  }

  @Override
  public Gradients gradients(List<DpoRow> batch, NDManager scope, long stepSeed) {
    int n = batch.size();
    List<Encoded> sequences = new ArrayList<>();
    batch.forEach(row -> sequences.add(row.chosen()));
    batch.forEach(row -> sequences.add(row.rejected()));
    double[] reference = new double[2 * n];
    for (int i = 0; i < n; i++) {
      reference[i] = batch.get(i).chosenReference();
      reference[n + i] = batch.get(i).rejectedReference();
    }
    weights.seed(stepSeed);
    NDArray sums = weights.logProbabilities(sequences, scope);
    NDList found = kernels.dpo(sums, reference, beta, weights.parameters(), scope);
    float[] rewards = found.get(1).toFloatArray();
    double chosen = 0;
    double rejected = 0;
    double correct = 0;
    for (int i = 0; i < n; i++) {
      chosen += rewards[i];
      rejected += rewards[n + i];
      correct += rewards[i] > rewards[n + i] ? 1 : rewards[i] == rewards[n + i] ? 0.5 : 0;
    }
    return new Gradients(
        found.get(0).getFloat(),
        n,
        new NDList(found.subList(2, found.size())),
        Map.of(
            "reward_chosen", chosen,
            "reward_rejected", rejected,
            "reward_margin", chosen - rejected,
            "accuracy", correct));
  }
}
