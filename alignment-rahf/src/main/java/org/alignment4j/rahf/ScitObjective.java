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
 * Step 1 of RAHF-SCIT: a model learns to produce preferred responses under the good instruction and
 * dispreferred ones under the bad one, with a contrastive term. With s the mean log-probability of
 * a response's tokens and d = s(own) - s(other), a row's loss is -s(own) + lambda ((1 - eps)
 * softplus(-d) + eps softplus(d)).
 */
final class ScitObjective implements Objective<ScitRow> {
  private final Trainable weights;
  private final double lambda;
  private final double smoothing;
  private final RahfKernels kernels;

  ScitObjective(Trainable weights, double lambda, double smoothing, RahfKernels kernels) {
    this.weights = weights;
    this.lambda = lambda;
    this.smoothing = smoothing;
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
  public Gradients gradients(List<ScitRow> batch, NDManager scope, long stepSeed) {
    List<Encoded> sequences = new ArrayList<>();
    batch.forEach(row -> sequences.add(row.own()));
    batch.forEach(row -> sequences.add(row.other()));
    double[] lengths = sequences.stream().mapToDouble(Encoded::predictedLength).toArray();
    weights.seed(stepSeed);
    NDArray sums = weights.logProbabilities(sequences, scope);
    NDList found = kernels.scit(sums, lengths, lambda, smoothing, weights.parameters(), scope);
    float[] d = found.get(1).toFloatArray();
    float[] own = found.get(2).toFloatArray();
    double correct = 0;
    double mean = 0;
    for (int i = 0; i < d.length; i++) {
      correct += d[i] > 0 ? 1 : d[i] == 0 ? 0.5 : 0;
      mean += own[i];
    }
    return new Gradients(
        found.get(0).getFloat(),
        batch.size(),
        new NDList(found.subList(3, found.size())),
        Map.of("accuracy", correct, "own_log_probability", mean));
  }
}
