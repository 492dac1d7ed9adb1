package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Chooses the next tokens of a batch by the settings, with one random number per token. */
final class Sampler {
  /** Receives how close each draw came to another token; for tests. */
  interface Margins {
    /**
     * @param sequence its index in the caller's list
     * @param n index of the token in its sequence, from 0
     * @param margin distance of the draw from the next token's interval, or of a token's
     *     probability from a cut-off, whichever is less, as a fraction of 1
     */
    void add(int sequence, int n, double margin);
  }

  /**
   * The chosen tokens.
   *
   * @param tokens [B]
   * @param logProbabilities [B], or [0] if not requested
   */
  record Choice(long[] tokens, float[] logProbabilities) {}

  private static final ThreadLocal<@Nullable Margins> WATCHED = new ThreadLocal<>();

  private final Decoder decoder;
  private final Generation settings;
  private final int[] index;
  private final long[] seeds;

  /** Ids that occur in prompt or completion [B, V], or [0] without a repetition penalty. */
  private final NDArray seen;

  Sampler(Decoder decoder, NDManager scope, Batch batch, Generation settings) {
    this.decoder = decoder;
    this.settings = settings;
    this.index = batch.index();
    this.seeds = Arrays.stream(index).mapToLong(settings::seedOf).toArray();
    int vocabulary = decoder.config().vocabulary();
    this.seen =
        settings.repetitionPenalty() == 1
            ? scope.create(new Shape(0))
            : decoder.seen(scope, batch.ids(scope, vocabulary), vocabulary);
  }

  private Sampler(Sampler from, int[] rows, NDArray seen) {
    this.decoder = from.decoder;
    this.settings = from.settings;
    this.index = Arrays.stream(rows).map(b -> from.index[b]).toArray();
    this.seeds = Arrays.stream(rows).mapToLong(b -> from.seeds[b]).toArray();
    this.seen = seen;
  }

  /** The sampler of some of the sequences. */
  Sampler only(NDManager scope, int[] rows) {
    return new Sampler(this, rows, seen.size() == 0 ? seen : decoder.rows(scope, seen, rows));
  }

  /**
   * Chooses the n-th tokens.
   *
   * @param logits [B, V]
   * @param banned ids that may not be chosen [N]
   */
  Choice choose(NDManager scope, NDArray logits, NDArray banned, int n) {
    double[] draws = Arrays.stream(seeds).mapToDouble(s -> Draws.at(s, n)).toArray();
    Margins margins = WATCHED.get();
    NDList found = decoder.choose(scope, settings, logits, banned, seen, draws, margins != null);
    if (margins != null && found.get(2).size() > 0) {
      double[] values = found.get(2).toDoubleArray();
      IntStream.range(0, index.length).forEach(b -> margins.add(index[b], n, values[b]));
    }
    return new Choice(found.get(0).toLongArray(), found.get(1).toFloatArray());
  }

  /** Runs {@code work}, passing the margins of this thread's draws to {@code margins}. */
  static void watching(Margins margins, Runnable work) {
    WATCHED.set(margins);
    try {
      work.run();
    } finally {
      WATCHED.remove();
    }
  }
}
