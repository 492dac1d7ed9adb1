package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.model.Decoder.Targets;
import org.alignment4j.model.FrozenModel.AffineChange;
import org.jspecify.annotations.Nullable;

/**
 * Differentiable outputs of a model for a batch, from which losses are made.
 *
 * @param pass the model with the weights in training
 * @param dropout of low-rank changes
 * @param given input embeddings [N, D] for the ids -1 to -N, or null
 * @param changes of the residual stream
 */
record LanguageLoss(
    ForwardPass pass,
    Decoder.Dropout dropout,
    @Nullable NDArray given,
    List<AffineChange> changes) {
  LanguageLoss(ForwardPass pass, Decoder.Dropout dropout) {
    this(pass, dropout, null);
  }

  LanguageLoss(ForwardPass pass, Decoder.Dropout dropout, @Nullable NDArray given) {
    this(pass, dropout, given, List.of());
  }

  static LanguageLoss of(ForwardPass pass) {
    return new LanguageLoss(pass, Decoder.Dropout.NONE);
  }

  private Batch batch(List<Encoded> sequences) {
    Batch batch = Batch.of(sequences.stream().map(Encoded::ids).toList(), Batch.Side.RIGHT);
    return (changes.isEmpty() ? pass.sharing(batch) : batch)
        .withResponseStarts(sequences.stream().mapToInt(Encoded::responseStart).toArray());
  }

  /** See {@link Trainable#crossEntropy}; the gradients flow to {@code parameters}. */
  NDList crossEntropy(Batch batch, List<Encoded> sequences, NDList parameters, NDManager scope) {
    Targets targets = targets(batch, sequences);
    NDArray x = run(batch, pass.topLayer(), List.of(), new long[] {0}, scope).get(0);
    return pass.decoder().crossEntropy(scope, x, pass.weights(), targets, parameters);
  }

  NDList crossEntropy(List<Encoded> sequences, NDList parameters, NDManager scope) {
    return crossEntropy(batch(sequences), sequences, parameters, scope);
  }

  /** See {@link Trainable#logProbabilities}. */
  NDArray logProbabilities(List<Encoded> sequences, NDManager scope) {
    Batch batch = batch(sequences);
    NDArray x = run(batch, pass.topLayer(), List.of(), new long[] {0}, scope).get(0);
    return responseSums(x, batch, sequences, scope);
  }

  /**
   * The same sums, then the top layer's hidden state of each sequence's last prompt token [B, D],
   * in one pass.
   *
   * @throws IllegalArgumentException if a sequence has no prompt
   */
  NDList responsesAndStates(List<Encoded> sequences, NDManager scope) {
    Batch batch = batch(sequences);
    NDList found = lastStates(batch, sequences, scope);
    return new NDList(responseSums(found.get(0), batch, sequences, scope), found.get(1));
  }

  /**
   * The top layer's hidden state of each sequence's last prompt token [B, D].
   *
   * @throws IllegalArgumentException if a sequence has no prompt
   */
  NDArray lastStates(List<Encoded> sequences, NDManager scope) {
    return lastStates(batch(sequences), sequences, scope).get(1);
  }

  private NDList lastStates(Batch batch, List<Encoded> sequences, NDManager scope) {
    Batch.Places places = batch.places();
    long[] last = new long[batch.size()];
    for (int b = 0; b < last.length; b++) {
      require(sequences.get(b).responseStart() > 0, "sequence %s has no prompt", b);
      last[b] = places.of(b, sequences.get(b).responseStart() - 1);
    }
    return run(batch, pass.topLayer(), List.of(pass.topLayer()), last, scope);
  }

  private NDArray responseSums(NDArray x, Batch batch, List<Encoded> sequences, NDManager scope) {
    Targets targets = targets(batch, sequences);
    return pass.decoder().responseSums(scope, x, pass.weights(), targets);
  }

  private static Targets targets(Batch batch, List<Encoded> sequences) {
    List<Long> rows = new ArrayList<>();
    List<Long> labels = new ArrayList<>();
    List<Long> owners = new ArrayList<>();
    Batch.Places places = batch.places();
    for (int b = 0; b < batch.size(); b++) {
      int[] ids = batch.sequences().get(b);
      for (int p = Math.max(1, sequences.get(b).responseStart()); p < ids.length; p++) {
        rows.add((long) places.of(b, p - 1));
        labels.add((long) ids[p]);
        owners.add((long) b);
      }
    }
    require(!rows.isEmpty(), "no sequence has a response to predict");
    return new Targets(array(rows), array(labels), array(owners), batch.size());
  }

  private static long[] array(List<Long> values) {
    return values.stream().mapToLong(Long::longValue).toArray();
  }

  /** See {@link TrainableLora#hiddenStates(List, Capture, NDManager)}. */
  NDList hiddenStates(List<Encoded> sequences, Capture what, NDManager scope) {
    List<Long> rows = new ArrayList<>();
    Batch batch = batch(sequences);
    Batch.Places places = batch.places();
    for (int b = 0; b < batch.size(); b++) {
      Encoded e = sequences.get(b);
      for (int p : what.positions().resolve(e.ids().length, e.responseStart())) {
        rows.add((long) places.of(b, p));
      }
    }
    require(!rows.isEmpty(), "no sequence has a token to read at %s", what.positions());
    NDList found = run(batch, what.top(), what.layers(), array(rows), scope);
    return new NDList(found.subList(1, found.size()));
  }

  private NDList run(Batch batch, Layer top, List<Layer> captures, long[] rows, NDManager scope) {
    pass.check(batch.sequences(), given == null ? 0 : (int) given.getShape().get(0));
    Decoder decoder = pass.decoder();
    Weights weights = pass.weights();
    NDArray x = decoder.embed(scope, batch.tokenIds(scope), weights, given, true);
    Decoder.Pass blocks =
        new Decoder.Pass(0, top.index(), captures, rows, null, edits(batch, scope));
    return decoder.trainBlocks(scope, x, weights, batch, blocks, dropout);
  }

  private List<Edit> edits(Batch batch, NDManager scope) {
    List<Edit> edits = new ArrayList<>();
    for (AffineChange c : changes) {
      NDArray mask =
          GatedEdits.mask(scope, batch, 0, 0, GatedEdits.positions(c.positions()), false);
      edits.add(
          new Edit(
              Edit.at(c.layer()),
              Edit.Kind.AFFINE,
              List.of(c.u(), c.v(), c.b(), mask),
              Edit.NO_GATE,
              0));
    }
    return Edit.ordered(edits);
  }
}
