package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.alignment4j.chat.Encoded;

/**
 * A model as a differentiable function of some of its input embeddings, for training what computes
 * them; its weights get no gradients and never change. In a sequence, the negative id -1 - j
 * denotes row j of an array. Rows are hidden states at layer 0, after a family's scaling of its
 * embeddings. Not thread-safe; used by the training thread only. The model must stay open.
 */
public final class FrozenModel {
  private final ForwardPass pass;

  /**
   * @throws IllegalArgumentException if the view is steered or has a soft prompt
   */
  public FrozenModel(LanguageModel model) {
    this.pass = model.pass();
    pass.requireUnsteered();
  }

  /**
   * Outputs for a batch of sequences, with the graph to their input embeddings.
   *
   * @param logProbabilities sum over each response's tokens, in nats [B]
   * @param states hidden states of each prompt's last token at the top layer [B, D]
   */
  public record Outputs(NDArray logProbabilities, NDArray states) {}

  /**
   * Runs sequences in one pass.
   *
   * @param sequences prompt and response, B of them; tokens from {@code responseStart} on are
   *     predicted
   * @param rows input embeddings [N, D] float32, which may carry a graph
   * @throws IllegalArgumentException if a sequence has no prompt, no sequence has a response, or an
   *     id denotes no row
   */
  public Outputs run(List<Encoded> sequences, NDArray rows, NDManager scope) {
    NDList found = with(rows).responsesAndStates(sequences, scope);
    return new Outputs(found.get(0), found.get(1));
  }

  /**
   * The states of {@link #run} only; sequences need no response.
   *
   * @param sequences tokens from {@code responseStart} on, if any, are ignored
   * @param rows input embeddings [N, D] float32, which may carry a graph
   * @return hidden states of each prompt's last token at the top layer [B, D]
   * @throws IllegalArgumentException if a sequence has no prompt or an id denotes no row
   */
  public NDArray states(List<Encoded> sequences, NDArray rows, NDManager scope) {
    return with(rows).lastStates(sequences, scope);
  }

  private LanguageLoss with(NDArray rows) {
    require(
        rows.getShape().dimension() == 2 && rows.getShape().get(1) == pass.config().width(),
        "rows of shape %s for a model of width %s",
        rows.getShape(),
        pass.config().width());
    return new LanguageLoss(pass, Decoder.Dropout.NONE, rows);
  }

  /**
   * Input embeddings of token ids in the form that {@link #run} takes; constants without gradients.
   *
   * @param ids N token ids, at least one
   * @return [N, D] float32 in {@code scope}
   * @throws IllegalArgumentException if an id is not in the vocabulary
   */
  public NDArray embeddings(int[] ids, NDManager scope) {
    require(ids.length > 0, "no token ids");
    long[] wide = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      require(
          ids[i] >= 0 && ids[i] < pass.config().vocabulary(),
          "id %s at %s, the vocabulary ends at %s",
          ids[i],
          i,
          pass.config().vocabulary());
      wide[i] = ids[i];
    }
    return pass.decoder().embed(scope, Decoder.longs(scope, wide), pass.weights(), null, true);
  }
}
