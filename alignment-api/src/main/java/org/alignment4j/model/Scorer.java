package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.internal.tensor.LengthGroups;

/**
 * Scores continuations of one prefix, which runs once. Continuations are packed one after another
 * into one row, each attending to the prefix and itself, so the prefix is not repeated and nothing
 * is padded.
 */
final class Scorer {
  /** Maximum number of tokens in a row; a single continuation may exceed it. */
  private static final int MAX_TOKENS = 512;

  /** Maximum T x (P + T) of a row's mask, 64 MiB; a single continuation may exceed it. */
  private static final long MAX_MASK = 1L << 24;

  /** Maximum number of logits at a time: 64 MiB. */
  private static final int MAX_LOGITS = 1 << 24;

  private final ForwardPass pass;
  private final NDManager scope;
  private final Batch prefix;
  private final int reach;
  private final List<NDArray> cache;
  private final List<Edit> prefixEdits;

  /**
   * @param prefix token ids, at least one
   * @param reach a length of prefix and continuation that selects the rotary frequencies
   */
  private Scorer(ForwardPass pass, NDManager scope, int[] prefix, int reach) {
    this.pass = pass;
    this.scope = scope;
    this.reach = Math.max(reach, prefix.length);
    this.prefix = Batch.of(List.of(prefix), Batch.Side.LEFT);
    this.cache = KeyValueCache.allocate(pass.decoder(), scope, 1, prefix.length);
    this.prefixEdits = pass.edits(scope, this.prefix, 0);
  }

  /** See {@link LanguageModel#scoreIds}. */
  static List<ContinuationScore> scores(ForwardPass pass, int[] prefix, List<int[]> continuations) {
    require(prefix.length > 0, "the prefix is empty");
    pass.check(List.of(prefix));
    if (continuations.isEmpty()) {
      return List.of();
    }
    pass.check(continuations.stream().map(c -> concatenated(prefix, c)).toList());
    for (int i = 0; i < continuations.size(); i++) {
      require(
          Arrays.stream(continuations.get(i)).allMatch(id -> id >= 0),
          "continuation %s has an id that is not a token",
          i);
    }
    int[] whole = pass.prepared(List.of(prefix)).get(0);
    List<float[]> found = new ArrayList<>();
    continuations.forEach(c -> found.add(new float[c.length]));
    // One prefix pass serves only continuations on the same side of a change of the frequencies.
    int border = pass.config().rope().switchesAbove();
    for (boolean beyond : new boolean[] {false, true}) {
      List<Integer> some =
          IntStream.range(0, continuations.size())
              .filter(i -> continuations.get(i).length > 0)
              .filter(
                  i ->
                      beyond == (border > 0 && whole.length + continuations.get(i).length > border))
              .boxed()
              .toList();
      if (!some.isEmpty()) {
        try (NDManager scope = pass.manager().newSubManager()) {
          new Scorer(pass, scope, whole, beyond ? border + 1 : 1).run(continuations, some, found);
        }
      }
    }
    return IntStream.range(0, found.size())
        .mapToObj(i -> new ContinuationScore(continuations.get(i), found.get(i)))
        .toList();
  }

  private static int[] concatenated(int[] a, int[] b) {
    int[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  /** Stores the log-probabilities of some continuations' tokens in {@code result}. */
  private void run(List<int[]> continuations, List<Integer> some, List<float[]> result) {
    firstTokens(continuations, some, result);
    for (List<Integer> row : rows(continuations, some)) {
      Cancellation.check("scoring");
      laterTokens(continuations, row, result);
    }
  }

  private void firstTokens(List<int[]> continuations, List<Integer> some, List<float[]> result) {
    Cancellation.check("scoring");
    try (NDManager step = scope.newSubManager()) {
      Decoder.Context context =
          new Decoder.Context(cache, prefix.attentionWithRoom(step, 0), true, prefixEdits);
      Decoder.Step whole =
          new Decoder.Step(
              0,
              new int[] {reach},
              prefix.ids(step),
              pass.inputs().array(),
              prefix.positions(step),
              new long[] {prefix.length() - 1},
              Decoder.longs(step, new long[0]));
      NDArray logits = pass.decoder().step(step, pass.weights(), context, whole).get(0);
      long[] firsts =
          some.stream().mapToLong(i -> continuations.get(i)[0]).distinct().sorted().toArray();
      float[] logProbabilities =
          pass.decoder().logProbabilities(step, logits, firsts).toFloatArray();
      for (int i : some) {
        result.get(i)[0] = logProbabilities[Arrays.binarySearch(firsts, continuations.get(i)[0])];
      }
    }
  }

  /** Indices of the continuations of more than one token, shortest first, grouped into rows. */
  private List<List<Integer>> rows(List<int[]> continuations, List<Integer> some) {
    List<Integer> longer = some.stream().filter(i -> continuations.get(i).length > 1).toList();
    int[] lengths = longer.stream().mapToInt(i -> continuations.get(i).length - 1).toArray();
    return LengthGroups.of(
            lengths,
            (n, longest, all) -> all <= MAX_TOKENS && all * (prefix.length() + all) <= MAX_MASK)
        .stream()
        .map(row -> row.stream().map(longer::get).toList())
        .toList();
  }

  /** A continuation's last token predicts nothing, so it does not run. */
  private void laterTokens(List<int[]> continuations, List<Integer> row, List<float[]> result) {
    int t = row.stream().mapToInt(i -> continuations.get(i).length - 1).sum();
    long[] ids = new long[t];
    long[] positions = new long[t];
    long[] owners = new long[t];
    long[] labels = new long[t];
    int at = 0;
    for (int i : row) {
      int[] own = continuations.get(i);
      for (int j = 0; j + 1 < own.length; j++, at++) {
        ids[at] = own[j];
        positions[at] = (long) prefix.length() + j;
        owners[at] = i;
        labels[at] = own[j + 1];
      }
    }
    try (NDManager step = scope.newSubManager()) {
      float[] logProbabilities =
          pass.decoder()
              .score(
                  step,
                  new Decoder.Packed(
                      prefix.length(),
                      reach,
                      Math.max(1, MAX_LOGITS / pass.config().vocabulary()),
                      step.create(ids, new Shape(1, t)),
                      step.create(positions, new Shape(1, t)),
                      step.create(owners),
                      step.create(labels)),
                  pass.weights(),
                  cache,
                  Edit.continuing(pass.edits(step, prefix, t), prefixEdits))
              .toFloatArray();
      at = 0;
      for (int i : row) {
        int n = continuations.get(i).length - 1;
        System.arraycopy(logProbabilities, at, result.get(i), 1, n);
        at += n;
      }
    }
  }
}
