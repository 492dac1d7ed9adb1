package org.alignment4j.rahf;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.alignment4j.chat.Encoded;
import org.alignment4j.model.FrozenModel;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.train.TrainingLoop.Objective;

/** LoReFT: the cross entropy of the responses' tokens under an edit, in nats per token. */
final class LoreftObjective implements Objective<Encoded> {
  private final FrozenModel frozen;
  private final TrainableEdit edit;

  LoreftObjective(LanguageModel model, TrainableEdit edit) {
    this.frozen = new FrozenModel(model);
    this.edit = edit;
  }

  @Override
  public NDList parameters() {
    return edit.parameters();
  }

  @Override
  public List<String> parameterNames() {
    return edit.parameterNames();
  }

  @Override
  public Gradients gradients(List<Encoded> batch, NDManager scope, long stepSeed) {
    NDList found = frozen.crossEntropy(batch, edit.changes(scope), edit.parameters(), scope);
    return new Gradients(
        found.get(0).getFloat(),
        batch.stream().mapToLong(Encoded::predictedLength).sum(),
        new NDList(found.subList(1, found.size())));
  }
}
