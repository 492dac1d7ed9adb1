package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
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
      ForwardPass pass, ForwardPass start, List<Encoded> sequences, IntPredicate diverging) {
    requireComparable(pass, start);
    Responses own = new Responses(pass, sequences, LOGITS);
    return own.comparedWith(new Responses(start, sequences, LOGITS).other(), diverging);
  }

  /** See {@link LanguageModel#scoreAgainst(ResponseScore.Reference, List)}. */
  static List<ResponseScore> compared(
      ForwardPass pass, ResponseScore.Reference reference, List<Encoded> others) {
    Other start = reference.other();
    requireComparable(pass, start.pass());
    int n = reference.sequences().size();
    List<Encoded> all = new ArrayList<>(reference.sequences());
    all.addAll(others);
    return new Responses(pass, all, LOGITS).comparedWith(start, i -> i < n);
  }

  private static void requireComparable(ForwardPass pass, ForwardPass start) {
    require(
        pass.config().vocabulary() == start.config().vocabulary(),
        "vocabularies of %s and %s tokens",
        pass.config().vocabulary(),
        start.config().vocabulary());
    Device device = pass.manager().getDevice();
    Device other = start.manager().getDevice();
    require(device.equals(other), "models on %s and %s", device, other);
  }

  /**
   * The states of tokens that predict responses.
   *
   * @param x [N, D] output of the last block
   * @param rows those of its rows that predict, by sequence, then token
   */
  record States(NDArray x, long[] rows) {}

  /** The model that a response's distributions are compared with. */
  interface Other {
    ForwardPass pass();

    /** The states of some sequences' responses. */
    States states(int[] index, NDManager scope);
  }

  /** The model of these sequences, as it runs. */
  Other other() {
    return new Other() {
      @Override
      public ForwardPass pass() {
        return pass;
      }

      @Override
      public States states(int[] index, NDManager scope) {
        Batch batch = batch(index);
        return new States(pass.states(scope, batch), rows(batch, i -> true));
      }
    };
  }

  /** The states that predict each response's tokens [sequences][tokens * D]. */
  float[][] states() {
    float[][] all = new float[sequences.size()][];
    for (Batch group : groups()) {
      Cancellation.check("log-probabilities");
      try (NDManager scope = pass.manager().newSubManager()) {
        Batch batch = batch(group.index());
        NDList found =
            pass.hidden(
                scope,
                batch,
                pass.topLayer(),
                List.of(pass.topLayer()),
                rows(batch, i -> true),
                null);
        float[] states = found.get(1).toFloatArray();
        int at = 0;
        for (int i : batch.index()) {
          int n = tokens(i) * pass.config().width();
          all[i] = Arrays.copyOfRange(states, at, at + n);
          at += n;
        }
      }
    }
    return all;
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
    for (Batch group : groups()) {
      Cancellation.check("log-probabilities");
      Batch batch = batch(group.index());
      try (NDManager scope = pass.manager().newSubManager()) {
        addLogProbabilities(pass.states(scope, batch), batch, i -> true, sums, scope);
      }
    }
    return sums;
  }

  private void addLogProbabilities(
      NDArray states, Batch batch, IntPredicate which, double[] sums, NDManager scope) {
    long[] rows = rows(batch, which);
    if (rows.length > 0) {
      NDArray found =
          pass.decoder()
              .responses(scope, states, pass.weights(), rows, labels(batch, which), rowsAtOnce(1));
      add(batch, which, found.toFloatArray(), sums);
    }
  }

  /**
   * Each response's score under this model, with its divergence from another.
   *
   * @param other a model with the same vocabulary
   * @param diverging the sequences whose divergence is wanted; that of others is NaN
   */
  List<ResponseScore> comparedWith(Other other, IntPredicate diverging) {
    double[] divergences = new double[sequences.size()];
    double[] logProbabilities = new double[sequences.size()];
    for (Batch group : groups()) {
      Batch own = batch(group.index());
      int[] others = Arrays.stream(group.index()).filter(diverging).toArray();
      try (NDManager scope = pass.manager().newSubManager()) {
        Cancellation.check("divergence");
        NDArray states = pass.states(scope, own);
        addLogProbabilities(states, own, diverging.negate(), logProbabilities, scope);
        if (others.length > 0) {
          Compared found = comparedWith(states, own, other, others, diverging, scope);
          add(own, diverging, found.divergences, divergences);
          add(own, diverging, found.logProbabilities, logProbabilities);
        }
      }
    }
    return IntStream.range(0, logProbabilities.length)
        .mapToObj(
            i ->
                new ResponseScore(
                    logProbabilities[i],
                    diverging.test(i) ? divergences[i] / tokens(i) : Double.NaN))
        .toList();
  }

  /** Values for each token of a batch's responses, in nats. */
  private record Compared(float[] divergences, float[] logProbabilities) {}

  /**
   * @param x this model's states of its batch
   * @param others those of the batch's sequences that diverge
   */
  private Compared comparedWith(
      NDArray x, Batch own, Other other, int[] others, IntPredicate diverging, NDManager scope) {
    long[] rows = rows(own, diverging);
    // A model does not differ from itself by rounding either.
    States y = other.pass().equals(pass) ? new States(x, rows) : other.states(others, scope);
    long[] labels = labels(own, diverging);
    Compared found = new Compared(new float[rows.length], new float[rows.length]);
    int step = rowsAtOnce(2);
    for (int from = 0; from < rows.length; from += step) {
      Cancellation.check("divergence");
      int to = Math.min(rows.length, from + step);
      try (NDManager slice = scope.newSubManager()) {
        // Two calls of the head, since the models may differ in more than their weights.
        NDArray p = distributions(slice, pass, x, Arrays.copyOfRange(rows, from, to));
        NDArray q = distributions(slice, other.pass(), y.x, Arrays.copyOfRange(y.rows, from, to));
        NDList some = pass.decoder().compared(slice, p, q, Arrays.copyOfRange(labels, from, to));
        System.arraycopy(some.get(0).toFloatArray(), 0, found.divergences, from, to - from);
        System.arraycopy(some.get(1).toFloatArray(), 0, found.logProbabilities, from, to - from);
      }
    }
    return found;
  }

  /** Log-probabilities [M, V] of every possible next token after some rows of x. */
  private static NDArray distributions(NDManager scope, ForwardPass pass, NDArray x, long[] rows) {
    return pass.decoder().logSoftmax(scope, x, pass.weights(), rows);
  }

  private int rowsAtOnce(int models) {
    return Math.max(1, logits / models / pass.config().vocabulary());
  }

  /** Responses of one prompt together, if it then runs once. */
  private List<Batch> groups() {
    if (!pass.shares()) {
      return Batch.group(prepared, ForwardPass.TOKENS, Batch.Side.RIGHT);
    }
    int[] prompts =
        sequences.stream().mapToInt(s -> s.responseStart() + pass.virtualTokens()).toArray();
    return Batch.groupByPrompt(prepared, prompts, ForwardPass.TOKENS);
  }

  /** Some sequences as the model runs them, including virtual tokens. */
  private Batch batch(int[] index) {
    int[] starts = sequences.stream().mapToInt(Encoded::responseStart).toArray();
    List<int[]> some = Arrays.stream(index).mapToObj(prepared::get).toList();
    return pass.sharing(Batch.of(some, Batch.Side.RIGHT))
        .withIndex(index)
        .withResponseStarts(starts);
  }

  /** Indices, among a batch's N tokens, of those that predict a token of some responses. */
  private long[] rows(Batch batch, IntPredicate which) {
    Batch.Places places = batch.places();
    return each(batch, which, (b, p) -> places.of(b, pass.virtualTokens() + p - 1));
  }

  /** The tokens that these should predict. */
  private long[] labels(Batch batch, IntPredicate which) {
    return each(batch, which, (b, p) -> batch.sequences().get(b)[pass.virtualTokens() + p]);
  }

  private interface Value {
    long at(int sequence, int position);
  }

  private long[] each(Batch batch, IntPredicate which, Value value) {
    long[] all = new long[Arrays.stream(batch.index()).filter(which).map(this::tokens).sum()];
    int n = 0;
    for (int b = 0; b < batch.size(); b++) {
      int i = batch.index()[b];
      for (int p = first(sequences.get(i)), k = 0; which.test(i) && k < tokens(i); p++, k++) {
        all[n++] = value.at(b, p);
      }
    }
    return all;
  }

  /** Adds a batch's values per token of some responses to its sequences' sums. */
  private void add(Batch batch, IntPredicate which, float[] found, double[] sums) {
    int n = 0;
    for (int i : batch.index()) {
      for (int k = 0; which.test(i) && k < tokens(i); k++) {
        sums[i] += found[n++];
      }
    }
  }
}
