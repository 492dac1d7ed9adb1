package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.internal.tensor.NativeTensor;
import org.jspecify.annotations.Nullable;

/** The decoder's computations as kernel calls; holds no weights. */
final class Decoder implements AutoCloseable {
  /** Up to this many tokens the operations of a step are short. */
  private static final int FEW_TOKENS = 8;

  private final ModelConfig config;
  private final Precision precision;
  private final DecoderKernels kernels;
  private final RotaryFrequencies frequencies;

  Decoder(ModelConfig config, Precision precision, NDManager manager) {
    this.config = config;
    this.precision = precision;
    this.kernels = new DecoderKernels(config, precision, manager);
    this.frequencies = new RotaryFrequencies(config.rope(), powers(manager), manager);
  }

  /** base^(2i/R) [R/2]. */
  private float[] powers(NDManager manager) {
    try (NDManager scope = manager.newSubManager()) {
      return kernels
          .call("powers", scope)
          .reals(config.rope().base())
          .ints(config.rope().rotated(config.headSize()))
          .infer()
          .get(0)
          .toFloatArray();
    }
  }

  ModelConfig config() {
    return config;
  }

  Precision precision() {
    return precision;
  }

  /**
   * One pass over consecutive blocks.
   *
   * @param rows indices of the tokens, among the batch's N, whose hidden states are captured
   * @param pick index of one token per sequence if the last block's output is needed only there
   */
  record Pass(
      int first,
      int end,
      List<Layer> captures,
      long[] rows,
      long @Nullable [] pick,
      List<Edit> edits) {}

  /**
   * Token embeddings [BT, D], float32.
   *
   * @param given [N, D] rows for the ids -1 to -N, or null
   */
  NDArray embed(
      NDManager scope, NDArray ids, Weights weights, @Nullable NDArray given, boolean train) {
    return kernels
        .run(
            kernels
                .call("embed", scope)
                .tensor(ids)
                .list(weights.ends())
                .tensor(orNone(scope, given)),
            train)
        .get(0);
  }

  private static NDArray orNone(NDManager scope, @Nullable NDArray given) {
    return given == null ? scope.create(new Shape(0)) : given;
  }

  /**
   * Runs blocks first + 1 to end over the batch's N tokens, x [N, D]. Returns the last block's
   * output, [N, D] or, at pick, [B, D], then for each captured layer one row per element of rows.
   */
  NDList blocks(
      NDManager scope, NDArray x, Weights weights, Batch batch, Pass pass, boolean train) {
    List<Long> plan = new ArrayList<>();
    plan.add((long) batch.size());
    plan.add((long) pass.first);
    plan.add((long) pass.end);
    plan.add(batch.plain() ? 1L : 0L);
    plan.add(pass.pick != null ? 1L : 0L);
    plan.add((long) pass.captures.size());
    pass.captures.forEach(l -> plan.add((long) l.index()));
    return kernels.run(
        kernels
            .call("blocks", scope)
            .ints(plan.stream().mapToLong(Long::longValue).toArray())
            .tensor(x)
            .list(weights.arrays(pass.first, pass.end))
            .tensor(batch.attentionWithRoom(scope, 0))
            .tensor(batch.tokenPositions(scope))
            .tensor(frequencies.of(scope, batch.lengths()))
            .tensor(batch.cellTokens(scope))
            .tensor(batch.tokenCells(scope))
            .tensor(longs(scope, pass.rows))
            .tensor(longs(scope, pass.pick == null ? new long[0] : pass.pick))
            .ints(Edit.plan(pass.edits))
            .list(Edit.tensors(pass.edits)),
        train);
  }

  /**
   * Dropout on the inputs of low-rank changes in training.
   *
   * @param rate probability that an element is dropped, 0 for no dropout
   * @param seed of the masks
   */
  record Dropout(double rate, long seed) {
    static final Dropout NONE = new Dropout(0, 0);
  }

  /** Runs blocks like {@link #blocks}, for training, with dropout. */
  NDList trainBlocks(
      NDManager scope, NDArray x, Weights weights, Batch batch, Pass pass, Dropout dropout) {
    if (dropout.rate == 0) {
      return blocks(scope, x, weights, batch, pass, true);
    }
    kernels.run(kernels.call("set_dropout", scope).reals(dropout.rate), true);
    try {
      // Only one training runs at a time in a process, so nothing else draws in between.
      scope.getEngine().setRandomSeed(Long.hashCode(dropout.seed));
      return blocks(scope, x, weights, batch, pass, true);
    } finally {
      kernels.run(kernels.call("set_dropout", scope).reals(0), true);
    }
  }

  /** Logits [N, V] of x [N, D], the output of the last block. */
  NDArray head(NDManager scope, NDArray x, Weights weights) {
    return kernels.run(kernels.call("head", scope).tensor(x).list(weights.ends()), false).get(0);
  }

  /** The final norm of x [N, D]. */
  NDArray finalNorm(NDManager scope, NDArray x, Weights weights) {
    return kernels
        .run(kernels.call("final_norm", scope).tensor(x).list(weights.ends()), false)
        .get(0);
  }

  /**
   * The prediction targets of a batch's response tokens.
   *
   * @param rows indices of the M predicting tokens among the batch's N
   * @param labels the id that each should predict
   * @param owners the index of each one's sequence
   * @param sequences B
   */
  record Targets(long[] rows, long[] labels, long[] owners, int sequences) {}

  /** Sum of cross entropies, then its gradients; see language_loss.torchscript. */
  NDList crossEntropy(
      NDManager scope, NDArray x, Weights weights, Targets targets, List<NDArray> parameters) {
    return kernels.run(
        kernels
            .call("cross_entropy", scope)
            .tensor(x)
            .list(weights.ends())
            .tensor(longs(scope, targets.rows))
            .tensor(longs(scope, targets.labels))
            .list(parameters),
        true);
  }

  /** Sums of log-probabilities [B] with their graph; see language_loss.torchscript. */
  NDArray responseSums(NDManager scope, NDArray x, Weights weights, Targets targets) {
    return kernels
        .run(
            kernels
                .call("response_sums", scope)
                .tensor(x)
                .list(weights.ends())
                .tensor(longs(scope, targets.rows))
                .tensor(longs(scope, targets.labels))
                .tensor(longs(scope, targets.owners))
                .ints(targets.sequences),
            true)
        .get(0);
  }

  /**
   * The state that all steps of a batch share.
   *
   * @param cache keys and values for S positions; see {@link KeyValueCache}
   * @param attention 1 at the positions that hold a token [B, S]
   * @param plain whether all hold one, so that no mask is needed
   * @param edits over S positions
   */
  record Context(List<NDArray> cache, NDArray attention, boolean plain, List<Edit> edits) {}

  /**
   * The state of some of a batch's sequences, whose keys and values move to the first rows of the
   * same cache: the state given must not be used any more.
   *
   * @param rows ascending
   * @param past positions already in the cache
   */
  Context only(NDManager scope, Context all, int[] rows, int past) {
    NDList cache =
        kernels.run(
            kernels.call("move_rows", scope).ints(past).tensor(index(scope, rows)).list(all.cache),
            false);
    UnaryOperator<NDArray> own = array -> rows(scope, array, rows);
    return new Context(
        cache,
        own.apply(all.attention),
        all.plain,
        all.edits.stream().map(e -> e.only(own)).toList());
  }

  /** Some rows of an array, in the order given. */
  NDArray rows(NDManager scope, NDArray array, int[] rows) {
    return kernels
        .run(kernels.call("rows", scope).tensor(array).tensor(index(scope, rows)), false)
        .get(0);
  }

  private static NDArray index(NDManager scope, int[] rows) {
    return longs(scope, Arrays.stream(rows).asLongStream().toArray());
  }

  /**
   * The inputs of one step.
   *
   * @param past P, positions already in the cache
   * @param lengths number of tokens of each sequence so far, which selects the rotary frequencies
   * @param ids [B, T]: the prompts in the first step, then one token each
   * @param given [N, D] rows for the ids -1 to -N, or null
   * @param positions [1 or B, T]
   * @param pick index of the token of each sequence whose logits are needed [B]
   * @param banned ids that may not be chosen [N]
   */
  record Step(
      int past,
      int[] lengths,
      NDArray ids,
      @Nullable NDArray given,
      NDArray positions,
      long[] pick,
      NDArray banned) {}

  /** One generation step: logits [B, V] and the most likely ids; see generate.torchscript. */
  NDList step(NDManager scope, Weights weights, Context context, Step step) {
    return kernels.run(
        kernels
            .call("step", scope)
            .shortOperations(step.ids.size() <= FEW_TOKENS)
            .ints(step.past, context.plain ? 1 : 0)
            .tensor(step.ids)
            .tensor(orNone(scope, step.given))
            .list(weights.arrays())
            .tensor(context.attention)
            .tensor(step.positions)
            .tensor(frequencies.of(scope, step.lengths))
            .tensor(longs(scope, step.pick))
            .tensor(step.banned)
            .list(context.cache)
            .ints(Edit.plan(context.edits))
            .list(Edit.tensors(context.edits)),
        false);
  }

  /**
   * The first step of a generation without edits; see generate.torchscript.
   *
   * @param prompts padded on the right
   * @param padded the same, padded on the left
   * @param given as in {@link #embed}
   */
  NDList prefill(
      NDManager scope,
      Weights weights,
      Batch prompts,
      Batch padded,
      @Nullable NDArray given,
      NDArray banned,
      List<NDArray> cache) {
    return kernels.run(
        kernels
            .call("prefill", scope)
            .tensor(embed(scope, prompts.tokenIds(scope), weights, given, false))
            .list(weights.arrays())
            .tensor(prompts.attentionWithRoom(scope, 0))
            .tensor(prompts.tokenPositions(scope))
            .tensor(frequencies.of(scope, prompts.lengths()))
            .tensor(prompts.cellTokens(scope))
            .tensor(prompts.tokenCells(scope))
            .tensor(padded.columns(scope, prompts.places()))
            .tensor(longs(scope, prompts.lastTokens()))
            .tensor(banned)
            .list(cache),
        false);
  }

  /**
   * A and B of each fused matrix; see low_rank.torchscript.
   *
   * @param parts A of each target, then B of each
   */
  NDList fuseLowRank(
      NDManager scope, LowRank lowRank, List<NDArray> parts, double scale, boolean train) {
    int n = lowRank.targets().size();
    double[] scales = new double[n];
    Arrays.fill(scales, scale);
    return kernels.run(
        kernels
            .call("fuse", scope)
            .ints(lowRank.plan())
            .reals(scales)
            .list(parts.subList(0, n))
            .list(parts.subList(n, 2 * n)),
        train);
  }

  /** Combines two changes of one matrix into one. */
  LowRank.Pair stackLowRank(NDManager scope, LowRank.Pair first, LowRank.Pair second) {
    NDList both =
        kernels.run(kernels.call("stack", scope).list(first.arrays()).list(second.arrays()), true);
    return new LowRank.Pair(both.get(0), both.get(1));
  }

  /** A copy, in {@code manager}, of a matrix with a change added to its unrounded values. */
  Matrix mergeLowRank(NDManager manager, Matrix matrix, LowRank.Pair change) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray none = scope.create(new Shape(0));
      FloatMatrix exact = matrix.unrounded(scope);
      NDList merged =
          kernels.run(
              kernels
                  .call("merge", manager)
                  .list(kernels.table().padded(matrix, none))
                  .tensor(exact == null ? none : exact.array())
                  .tensor(change.a())
                  .tensor(change.b()),
              true);
      return merged.size() < matrix.arrays().size()
          ? new FloatMatrix(matrix.name(), merged.get(0))
          : matrix.with(merged).packed();
    }
  }

  /** An array [shape] of the computing type, for keys and values. */
  NDArray cache(NDManager scope, Shape shape) {
    return NativeTensor.empty(scope, precision.compute(), shape);
  }

  /** The next tokens [B], then log-probabilities and margins; see sample.torchscript. */
  NDList choose(
      NDManager scope,
      Generation settings,
      NDArray logits,
      NDArray banned,
      NDArray seen,
      double[] draws,
      boolean margins) {
    return kernels.run(
        processors(kernels.call("choose", scope), settings, margins)
            .tensor(logits)
            .tensor(banned)
            .tensor(seen)
            .reals(draws),
        false);
  }

  /** The probabilities [B, V] float64 that {@link #choose} draws from. */
  NDArray distribution(
      NDManager scope, Generation settings, NDArray logits, NDArray banned, NDArray seen) {
    return kernels
        .run(
            processors(kernels.call("distribution", scope), settings, false)
                .tensor(logits)
                .tensor(banned)
                .tensor(seen),
            false)
        .get(0);
  }

  private static Kernels.Call processors(Kernels.Call call, Generation s, boolean margins) {
    return call.ints(s.topK(), s.logProbabilities() ? 1 : 0, margins ? 1 : 0)
        .reals(s.temperature(), s.topP(), s.minP(), s.repetitionPenalty());
  }

  /** The ids that occur in each row of ids [B, T], V or more being padding: [B, V] bool. */
  NDArray seen(NDManager scope, NDArray ids, int vocabulary) {
    return kernels.run(kernels.call("seen", scope).tensor(ids).ints(vocabulary), false).get(0);
  }

  /** Log-probabilities [N] of labels under the same logits [1, V]. */
  NDArray logProbabilities(NDManager scope, NDArray logits, long[] labels) {
    return kernels
        .run(kernels.call("first", scope).tensor(logits).tensor(longs(scope, labels)), false)
        .get(0);
  }

  /**
   * Log-probabilities [M] of the tokens that follow rows of x [N, D], the output of the last block.
   *
   * @param rows indices of M of the N tokens
   * @param labels the token that follows each
   * @param step rows of logits computed at a time
   */
  NDArray responses(
      NDManager scope, NDArray x, Weights weights, long[] rows, long[] labels, int step) {
    return kernels
        .run(
            kernels
                .call("responses", scope)
                .ints(step)
                .tensor(x)
                .list(weights.ends())
                .tensor(longs(scope, rows))
                .tensor(longs(scope, labels)),
            false)
        .get(0);
  }

  /** Log-probabilities [M, V] of every possible next token after {@code rows} of x [N, D]. */
  NDArray logSoftmax(NDManager scope, NDArray x, Weights weights, long[] rows) {
    return kernels
        .run(
            kernels
                .call("log_softmax_at", scope)
                .tensor(x)
                .list(weights.ends())
                .tensor(longs(scope, rows)),
            false)
        .get(0);
  }

  /**
   * KL divergences [M] between rows of log-probabilities p, q [M, V], and the log-probabilities of
   * the labels under p [M]; see responses.torchscript.
   *
   * @param labels an id for each row
   */
  NDList compared(NDManager scope, NDArray p, NDArray q, long[] labels) {
    return kernels.run(
        kernels.call("compared", scope).tensor(p).tensor(q).tensor(longs(scope, labels)), false);
  }

  /**
   * Continuations of one prefix, packed into one row.
   *
   * @param past P, number of tokens in the prefix
   * @param reach the length that selects the rotary frequencies
   * @param rows rows of logits computed at a time
   */
  record Packed(int past, int reach, int rows, TokenTree tree) {
    /** P, rows at a time, and where the wanted probabilities of each such part begin and end. */
    private long[] plan(long[] all) {
      List<Long> plan = new ArrayList<>(List.of((long) past, (long) rows));
      List<TokenTree.Wanted> wanted = tree.wanted();
      int at = 0;
      for (int part = 0; part < all.length; part += rows) {
        plan.add((long) at);
        long last = all[Math.min(part + rows, all.length) - 1];
        while (at < wanted.size() && wanted.get(at).node() <= last) {
          at++;
        }
      }
      plan.add((long) at);
      return plan.stream().mapToLong(n -> n).toArray();
    }

    private long[] positions() {
      return Arrays.stream(tree.depths()).map(depth -> past + depth).toArray();
    }
  }

  /** Log-probabilities of what is wanted, in its order; see score.torchscript. */
  NDArray score(
      NDManager scope, Packed packed, Weights weights, List<NDArray> cache, List<Edit> edits) {
    TokenTree tree = packed.tree;
    long[] rows = tree.rows();
    Shape row = new Shape(1, tree.ids().length);
    return kernels
        .run(
            kernels
                .call("score", scope)
                .ints(packed.plan(rows))
                .tensor(scope.create(tree.ids(), row))
                .list(weights.arrays())
                .tensor(scope.create(packed.positions(), row))
                .tensor(scope.create(tree.ends()))
                .tensor(frequencies.of(scope, new int[] {packed.reach}))
                .tensor(scope.create(rows))
                .tensor(
                    scope.create(
                        tree.wanted().stream()
                            .mapToLong(w -> Arrays.binarySearch(rows, w.node()))
                            .toArray()))
                .tensor(
                    scope.create(
                        tree.wanted().stream().mapToLong(TokenTree.Wanted::label).toArray()))
                .list(cache)
                .ints(Edit.plan(edits))
                .list(Edit.tensors(edits)),
            false)
        .get(0);
  }

  static NDArray longs(NDManager scope, long[] values) {
    return values.length == 0
        ? scope.zeros(new Shape(0), ai.djl.ndarray.types.DataType.INT64)
        : scope.create(values);
  }

  @Override
  public void close() {
    kernels.close();
  }
}
