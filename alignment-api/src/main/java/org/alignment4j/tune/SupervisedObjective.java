package org.alignment4j.tune;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.alignment4j.chat.Encoded;
import org.alignment4j.model.Trainable;
import org.alignment4j.train.TrainingLoop.Objective;

/**
 * The objective of supervised fine-tuning: the cross entropy of the responses' tokens, in nats per
 * token. Not thread-safe; used by the training thread only.
 */
public final class SupervisedObjective implements Objective<Encoded> {
  private final Trainable weights;

  /**
   * Trains the given weights.
   *
   * @param weights not closed by this; remains owned by the caller
   */
  public SupervisedObjective(Trainable weights) {
    this.weights = weights;
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
  public Gradients gradients(List<Encoded> batch, NDManager scope, long stepSeed) {
    weights.seed(stepSeed);
    NDList result = weights.crossEntropy(batch, scope);
    long tokens = 0;
    for (Encoded e : batch) {
      tokens += e.predictedLength();
    }
    return new Gradients(
        result.get(0).getFloat(), tokens, new NDList(result.subList(1, result.size())));
  }
}
