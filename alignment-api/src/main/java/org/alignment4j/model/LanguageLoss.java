package org.alignment4j.model;

import static org.alignment4j.core.Arguments.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.chat.Encoded;

/** The next-token loss of a model with some weights, with gradients. */
final class LanguageLoss {
  private LanguageLoss() {}

  /** See {@link Trainable#crossEntropy}; the gradients flow to {@code parameters}. */
  static NDList crossEntropy(
      LanguageModel model,
      Weights weights,
      Batch batch,
      List<Encoded> sequences,
      NDList parameters,
      NDManager scope) {
    model.check(batch.sequences());
    List<Long> rows = new ArrayList<>();
    List<Long> labels = new ArrayList<>();
    int[] first = batch.firstTokens();
    for (int b = 0; b < batch.size(); b++) {
      int[] ids = batch.sequences().get(b);
      for (int p = Math.max(1, sequences.get(b).responseStart()); p < ids.length; p++) {
        rows.add((long) first[b] + p - 1);
        labels.add((long) ids[p]);
      }
    }
    require(!rows.isEmpty(), "no sequence has a response to learn");
    Decoder decoder = model.decoder();
    NDArray x = decoder.embed(scope, batch.tokenIds(scope), weights.embeddings(), null, true);
    int top = model.config().blocks();
    Decoder.Pass pass = new Decoder.Pass(0, top, List.of(), new long[] {0}, null, List.of());
    x = decoder.blocks(scope, x, weights.blocks(), batch, pass, true).get(0);
    return decoder.crossEntropy(
        scope,
        x,
        weights.finalNorm(),
        weights.output(),
        rows.stream().mapToLong(Long::longValue).toArray(),
        labels.stream().mapToLong(Long::longValue).toArray(),
        parameters);
  }

  static NDList crossEntropy(
      LanguageModel model,
      Weights weights,
      List<Encoded> sequences,
      NDList parameters,
      NDManager scope) {
    Batch batch = Batch.of(sequences.stream().map(Encoded::ids).toList(), Batch.Side.RIGHT);
    return crossEntropy(model, weights, batch, sequences, parameters, scope);
  }
}
