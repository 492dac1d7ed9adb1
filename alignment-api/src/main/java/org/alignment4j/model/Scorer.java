package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.alignment4j.internal.host.Cancellation;

/**
 * Scores continuations of one prefix, which runs once. Continuations are packed into rows as a
 * {@link TokenTree}, each token attending to the prefix and to those before it in its own
 * continuations, so what continuations share is not repeated and nothing is padded.
 */
final class Scorer {
  /** Prefixes with more tokens of their own run by themselves, so that keys and values are kept. */
  private static final int LONG_PREFIX = 512;

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

  /** See {@link LanguageModel#scoreIds(int[], List)}. */
  static List<ContinuationScore> scores(ForwardPass pass, int[] prefix, List<int[]> continuations) {
    check(pass, prefix, continuations, "");
    return scores(pass, prefix, continuations, new int[continuations.size()]);
  }

  /** See {@link LanguageModel#scoreIds(List, List)}. */
  static List<List<ContinuationScore>> scores(
      ForwardPass pass, List<int[]> prefixes, List<List<int[]>> continuations) {
    require(
        prefixes.size() == continuations.size(),
        "%s prefixes, continuations of %s",
        prefixes.size(),
        continuations.size());
    for (int p = 0; p < prefixes.size(); p++) {
      check(pass, prefixes.get(p), continuations.get(p), "prefix " + p + ": ");
    }
    int shared = shared(prefixes);
    // What changes hidden states may depend on where a prefix ends; frequencies, on its length.
    boolean together =
        shared > 0
            && !pass.steering().any()
            && !pass.inputs().any()
            && pass.config().rope().switchesAbove() == 0;
    List<int[]> all = new ArrayList<>();
    List<Integer> from = new ArrayList<>();
    for (int p = 0; p < prefixes.size(); p++) {
      if (together && prefixes.get(p).length - shared <= LONG_PREFIX) {
        int[] rest = Arrays.copyOfRange(prefixes.get(p), shared, prefixes.get(p).length);
        continuations.get(p).forEach(c -> all.add(concatenated(rest, c)));
        from.addAll(Collections.nCopies(continuations.get(p).size(), rest.length));
      }
    }
    List<ContinuationScore> joint =
        all.isEmpty()
            ? List.of()
            : scores(
                pass,
                Arrays.copyOf(prefixes.get(0), shared),
                all,
                from.stream().mapToInt(n -> n).toArray());
    List<List<ContinuationScore>> found = new ArrayList<>();
    int at = 0;
    for (int p = 0; p < prefixes.size(); p++) {
      if (together && prefixes.get(p).length - shared <= LONG_PREFIX) {
        int n = continuations.get(p).size();
        int skipped = prefixes.get(p).length - shared;
        found.add(joint.subList(at, at + n).stream().map(s -> s.from(skipped)).toList());
        at += n;
      } else {
        found.add(
            scores(
                pass, prefixes.get(p), continuations.get(p), new int[continuations.get(p).size()]));
      }
    }
    return found;
  }

  private static int shared(List<int[]> prefixes) {
    int shared = prefixes.stream().mapToInt(ids -> ids.length).min().orElse(0);
    for (int[] ids : prefixes) {
      int mismatch = Arrays.mismatch(ids, 0, shared, prefixes.get(0), 0, shared);
      shared = mismatch < 0 ? shared : mismatch;
    }
    return shared;
  }

  private static void check(
      ForwardPass pass, int[] prefix, List<int[]> continuations, String which) {
    require(prefix.length > 0, "%sthe prefix is empty", which);
    pass.check(List.of(prefix));
    if (!continuations.isEmpty()) {
      pass.check(continuations.stream().map(c -> concatenated(prefix, c)).toList());
    }
    for (int i = 0; i < continuations.size(); i++) {
      require(
          Arrays.stream(continuations.get(i)).allMatch(id -> id >= 0),
          "%scontinuation %s has an id that is not a token",
          which,
          i);
    }
  }

  /**
   * @param from index in each continuation of the first token that is scored; those before it get
   *     NaN
   */
  private static List<ContinuationScore> scores(
      ForwardPass pass, int[] prefix, List<int[]> continuations, int[] from) {
    if (continuations.isEmpty()) {
      return List.of();
    }
    int[] whole = pass.prepared(List.of(prefix)).get(0);
    List<float[]> found = new ArrayList<>();
    for (int[] c : continuations) {
      float[] scores = new float[c.length];
      Arrays.fill(scores, Float.NaN);
      found.add(scores);
    }
    // One prefix pass serves only continuations on the same side of a change of the frequencies.
    int border = pass.config().rope().switchesAbove();
    for (boolean beyond : new boolean[] {false, true}) {
      List<Integer> some =
          IntStream.range(0, continuations.size())
              .filter(i -> continuations.get(i).length > from[i])
              .filter(
                  i ->
                      beyond == (border > 0 && whole.length + continuations.get(i).length > border))
              .boxed()
              .toList();
      if (!some.isEmpty()) {
        try (NDManager scope = pass.manager().newSubManager()) {
          new Scorer(pass, scope, whole, beyond ? border + 1 : 1)
              .run(
                  some.stream().map(continuations::get).toList(),
                  some.stream().mapToInt(i -> from[i]).toArray(),
                  some.stream().map(found::get).toList());
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

  /** Stores the log-probabilities of the continuations' tokens in {@code result}. */
  private void run(List<int[]> continuations, int[] from, List<float[]> result) {
    firstTokens(continuations, from, result);
    for (TokenTree tree : TokenTree.of(continuations, from, prefix.length())) {
      Cancellation.check("scoring");
      laterTokens(tree, result);
    }
  }

  private void firstTokens(List<int[]> continuations, int[] from, List<float[]> result) {
    Cancellation.check("scoring");
    List<Integer> some = IntStream.range(0, from.length).filter(i -> from[i] == 0).boxed().toList();
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
      if (some.isEmpty()) {
        return;
      }
      long[] firsts =
          some.stream().mapToLong(i -> continuations.get(i)[0]).distinct().sorted().toArray();
      float[] logProbabilities =
          pass.decoder().logProbabilities(step, logits, firsts).toFloatArray();
      for (int i : some) {
        result.get(i)[0] = logProbabilities[Arrays.binarySearch(firsts, continuations.get(i)[0])];
      }
    }
  }

  private void laterTokens(TokenTree tree, List<float[]> result) {
    try (NDManager step = scope.newSubManager()) {
      int most = Math.max(1, MAX_LOGITS / pass.config().vocabulary());
      float[] logProbabilities =
          pass.decoder()
              .score(
                  step,
                  new Decoder.Packed(prefix.length(), reach, most, tree),
                  pass.weights(),
                  cache,
                  Edit.continuing(pass.edits(step, prefix, tree.ids().length), prefixEdits))
              .toFloatArray();
      for (int k = 0; k < logProbabilities.length; k++) {
        TokenTree.Wanted w = tree.wanted().get(k);
        result.get(w.continuation())[w.position()] = logProbabilities[k];
      }
    }
  }
}
