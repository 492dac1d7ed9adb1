package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.alignment4j.chat.Encoded;
import org.alignment4j.internal.host.Cancellation;

/**
 * Computes a model's predictions of given responses. Only the tokens that predict a response's
 * token reach the head, a limited number of rows at a time.
 */
final class Responses {
  /** Maximum number of logits at a time: 64 MiB. */
  static final int LOGITS = 1 << 24;

  private final ForwardPass pass;
  private final List<Encoded> sequences;
  private final List<int[]> prepared;
  private final int logits;

  /**
   * @param logits maximum number that exist at once; at least one row is computed
   * @throws IllegalArgumentException if the model cannot read a sequence, or a sequence has no
   *     response
   */
  Responses(ForwardPass pass, List<Encoded> sequences, int logits) {
    List<int[]> ids = sequences.stream().map(Encoded::ids).toList();
    pass.check(ids);
    for (int i = 0; i < ids.size(); i++) {
      int[] own = ids.get(i);
      int first = first(sequences.get(i));
      require(first < own.length, "sequence %s has no response", i);
      require(
          Arrays.stream(own, first, own.length).allMatch(id -> id >= 0),
          "sequence %s has an id in its response that is not a token",
          i);
    }
    this.pass = pass;
    this.sequences = List.copyOf(sequences);
    this.prepared = pass.prepared(ids);
    this.logits = logits;
  }

  /** See {@link LanguageModel#scoreAgainst}. */
  static List<ResponseScore> compared(
      ForwardPass pass, ForwardPass start, List<Encoded> sequences) {
    require(
        pass.config().vocabulary() == start.config().vocabulary(),
        "vocabularies of %s and %s tokens",
        pass.config().vocabulary(),
        start.config().vocabulary());
    Device device = pass.manager().getDevice();
    Device other = start.manager().getDevice();
    require(device.equals(other), "models on %s and %s", device, other);
    return new Responses(pass, sequences, LOGITS)
        .comparedWith(new Responses(start, sequences, LOGITS));
  }

  /** The first predicted token; nothing predicts a sequence's first. */
  private static int first(Encoded sequence) {
    return Math.max(1, sequence.responseStart());
  }

  /** The number of predicted tokens of a sequence's response. */
  private int tokens(int i) {
    return prepared.get(i).length - pass.virtualTokens() - first(sequences.get(i));
  }

  /** Sums of log-probabilities, one per sequence, in nats. */
  double[] logProbabilities() {
    double[] sums = new double[sequences.size()];
    for (Batch group : Batch.group(prepared, ForwardPass.TOKENS, Batch.Side.RIGHT)) {
      Cancellation.check("log-probabilities");
      Batch batch = batch(group.index());
      try (NDManager scope = pass.manager().newSubManager()) {
        NDArray found =
            pass.decoder()
                .responses(
                    scope,
                    pass.states(scope, batch),
                    pass.weights(),
                    rows(batch),
                    labels(batch),
                    rowsAtOnce(1));
        add(batch, found.toFloatArray(), sums);
      }
    }
    return sums;
  }

  /**
   * Each response's score under this model, with its divergence from another.
   *
   * @param other the same sequences, for a model with the same vocabulary
   */
  List<ResponseScore> comparedWith(Responses other) {
    double[] divergences = new double[sequences.size()];
    double[] logProbabilities = new double[sequences.size()];
    for (Batch group : Batch.group(prepared, ForwardPass.TOKENS, Batch.Side.RIGHT)) {
      Batch own = batch(group.index());
      Compared found = comparedWith(own, other, other.batch(group.index()));
      add(own, found.divergences, divergences);
      add(own, found.logProbabilities, logProbabilities);
    }
    return IntStream.range(0, logProbabilities.length)
        .mapToObj(i -> new ResponseScore(logProbabilities[i], divergences[i] / tokens(i)))
        .toList();
  }

  /** Values for each token of a batch's responses, in nats. */
  private record Compared(float[] divergences, float[] logProbabilities) {}

  private Compared comparedWith(Batch own, Responses other, Batch others) {
    long[] rows = rows(own);
    long[] otherRows = other.rows(others);
    long[] labels = labels(own);
    Compared found = new Compared(new float[rows.length], new float[rows.length]);
    int step = rowsAtOnce(2);
    try (NDManager scope = pass.manager().newSubManager()) {
      Cancellation.check("divergence");
      NDArray x = pass.states(scope, own);
      NDArray y = other.pass.states(scope, others);
      for (int from = 0; from < rows.length; from += step) {
        Cancellation.check("divergence");
        int to = Math.min(rows.length, from + step);
        try (NDManager slice = scope.newSubManager()) {
          // Two calls of the head, since the models may differ in more than their weights.
          NDArray p = distributions(slice, x, Arrays.copyOfRange(rows, from, to));
          NDArray q = other.distributions(slice, y, Arrays.copyOfRange(otherRows, from, to));
          NDList some = pass.decoder().compared(slice, p, q, Arrays.copyOfRange(labels, from, to));
          System.arraycopy(some.get(0).toFloatArray(), 0, found.divergences, from, to - from);
          System.arraycopy(some.get(1).toFloatArray(), 0, found.logProbabilities, from, to - from);
        }
      }
    }
    return found;
  }

  /** Log-probabilities [M, V] of every possible next token after some rows of x. */
  private NDArray distributions(NDManager scope, NDArray x, long[] rows) {
    return pass.decoder().logSoftmax(scope, x, pass.weights(), rows);
  }

  private int rowsAtOnce(int models) {
    return Math.max(1, logits / models / pass.config().vocabulary());
  }

  /** Some sequences as the model runs them, including virtual tokens. */
  private Batch batch(int[] index) {
    int[] starts = sequences.stream().mapToInt(Encoded::responseStart).toArray();
    return Batch.of(Arrays.stream(index).mapToObj(prepared::get).toList(), Batch.Side.RIGHT)
        .withIndex(index)
        .withResponseStarts(starts);
  }

  /** Indices, among a batch's N tokens, of those that predict a response's token. */
  private long[] rows(Batch batch) {
    int[] begin = batch.firstTokens();
    return each(batch, (b, p) -> (long) begin[b] + pass.virtualTokens() + p - 1);
  }

  /** The tokens that these should predict. */
  private long[] labels(Batch batch) {
    return each(batch, (b, p) -> batch.sequences().get(b)[pass.virtualTokens() + p]);
  }

  private interface Value {
    long at(int sequence, int position);
  }

  private long[] each(Batch batch, Value value) {
    long[] all = new long[batch.tokens()];
    int n = 0;
    for (int b = 0; b < batch.size(); b++) {
      int length = batch.sequences().get(b).length - pass.virtualTokens();
      for (int p = first(sequences.get(batch.index()[b])); p < length; p++) {
        all[n++] = value.at(b, p);
      }
    }
    return Arrays.copyOf(all, n);
  }

  /** Adds a batch's values per response token to its sequences' sums. */
  private void add(Batch batch, float[] found, double[] sums) {
    int n = 0;
    for (int i : batch.index()) {
      for (int k = 0; k < tokens(i); k++) {
        sums[i] += found[n++];
      }
    }
  }
}
