package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.alignment4j.adapter.GatedEdit.Positions;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;

/**
 * A model as a differentiable function of some of its input embeddings, or of changes of its
 * residual stream, for training what computes them; its weights get no gradients and never change.
 * In a sequence, the negative id -1 - j denotes row j of an array. Rows are hidden states at layer
 * 0, after a family's scaling of its embeddings. Not thread-safe; used by the training thread only.
 * The model must stay open.
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

  /**
   * A change h + U V h + b of the residual stream on some tokens of a layer, whose tensors may
   * carry a graph: {@link org.alignment4j.adapter.GatedEdit.Change} in training, without a gate.
   *
   * @param layer the layer, 0 for the embeddings
   * @param positions the tokens
   * @param u U [D, r] float32, r at least 1
   * @param v V [r, D] float32
   * @param b b [D] float32
   */
  public record AffineChange(Layer layer, Positions positions, NDArray u, NDArray v, NDArray b) {
    /**
     * @throws IllegalArgumentException if the shapes or types are others
     */
    public AffineChange {
      long d = b.size();
      long r = u.getShape().dimension() == 2 ? u.getShape().get(1) : 0;
      require(
          r >= 1
              && b.getShape().equals(new Shape(d))
              && u.getShape().equals(new Shape(d, r))
              && v.getShape().equals(new Shape(r, d)),
          "U, V and b of a change have shapes %s, %s and %s",
          u.getShape(),
          v.getShape(),
          b.getShape());
      for (NDArray array : List.of(u, v, b)) {
        // Another type would reach a native product that ends the process.
        require(
            array.getDataType() == DataType.FLOAT32,
            "a change must be float32, found %s",
            array.getDataType());
      }
    }
  }

  /**
   * The sum of cross entropies of the responses' tokens under some changes, in nats, and its
   * gradients.
   *
   * @param sequences prompt and response; tokens from {@code responseStart} on are predicted
   * @param changes those of one layer apply in their order
   * @param parameters that the changes' tensors were computed from, or the tensors themselves
   * @return the sum [], then a gradient per parameter, in {@code scope}
   * @throws IllegalArgumentException if no sequence has a response, or a change does not fit the
   *     model
   */
  public NDList crossEntropy(
      List<Encoded> sequences, List<AffineChange> changes, NDList parameters, NDManager scope) {
    return with(changes).crossEntropy(sequences, parameters, scope);
  }

  /** Hidden states of some tokens under some changes, per layer [R, D], with their graph. */
  NDList hiddenStates(
      List<Encoded> sequences, List<AffineChange> changes, Capture what, NDManager scope) {
    return with(changes).hiddenStates(sequences, what, scope);
  }

  private LanguageLoss with(List<AffineChange> changes) {
    for (AffineChange c : changes) {
      require(
          c.layer().index() <= pass.config().blocks() && c.b().size() == pass.config().width(),
          "a change of %s of width %s for a model of %s blocks of width %s",
          c.layer(),
          c.b().size(),
          pass.config().blocks(),
          pass.config().width());
    }
    return new LanguageLoss(pass, Decoder.Dropout.NONE, null, changes);
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
