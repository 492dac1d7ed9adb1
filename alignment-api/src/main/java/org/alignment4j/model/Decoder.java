package org.alignment4j.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.alignment4j.core.EngineException;
import org.alignment4j.core.Layer;
import org.alignment4j.model.Family.Trait;
import org.alignment4j.tensor.Kernels;
import org.alignment4j.tensor.NativeTensor;
import org.alignment4j.tensor.StorageType;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The decoder's kernels, compiled for one configuration: everything that runs but no weights. */
final class Decoder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Decoder.class);

  /**
   * On a CPU one native call already uses every core; a second one beside it makes both many times
   * slower.
   */
  private static final Semaphore CPU = new Semaphore(1, true);

  private final ModelConfig config;
  private final Precision precision;
  private final Kernels kernels;
  private final boolean cpu;

  /** base^(2i/R) [R/2]. */
  private final float[] powers;

  /** Inverse frequencies [1, R/2] of sequences within the original context, and of longer ones. */
  private final NDArray frequencies;

  private final NDArray longFrequencies;

  Decoder(ModelConfig config, Precision precision, NDManager manager) {
    this.config = config;
    this.precision = precision;
    this.cpu = !manager.getDevice().isGpu();
    this.kernels = compile(manager);
    this.powers = powers(manager);
    int border = config.rope().switchesAbove();
    this.frequencies = row(manager, border);
    this.longFrequencies = border == 0 ? frequencies : row(manager, border + 1);
  }

  private NDArray row(NDManager manager, int length) {
    return manager.create(config.rope().frequencies(powers, length)).expandDims(0);
  }

  private Kernels compile(NDManager manager) {
    Device device = manager.getDevice();
    if (!device.isGpu()) {
      @Nullable Kernels fast = null;
      try {
        fast = sources("linear_onednn.torchscript", device).compile(device);
        probe(fast, manager);
        return fast;
      } catch (EngineException e) {
        if (fast == null && !String.valueOf(e.getMessage()).contains("mkldnn")) {
          throw e;
        }
        if (fast != null) {
          fast.close();
        }
        LOG.warn(
            "oneDNN has no {} products on this machine; they will be slower", precision.compute());
      }
    }
    return sources("linear.torchscript", device).compile(device);
  }

  /** oneDNN knows only at the first product whether the processor can do it. */
  private void probe(Kernels fast, NDManager manager) {
    try (NDManager scope = manager.newSubManager()) {
      fast.call("linear", scope)
          .tensor(NativeTensor.empty(scope, precision.compute(), new Shape(1, 16)))
          .tensor(NativeTensor.empty(scope, precision.storage(), new Shape(16, 16)))
          .tensor(scope.create(new Shape(0)))
          .infer();
    }
  }

  private Kernels.Builder sources(String linear, Device device) {
    Class<?> here = Decoder.class;
    StorageType compute = precision.compute();
    boolean half = compute != StorageType.F32;
    ModelConfig.Extras extras = config.extras();
    return Kernels.named("decoder")
        .sources(here, linear, "linear.torchscript")
        .source(here, "block.torchscript")
        .source(here, "forward.torchscript")
        .source(here, "generate.torchscript")
        .source(here, "sample.torchscript")
        .source(here, "score.torchscript")
        .source(here, "responses.torchscript")
        .source(here, "language_loss.torchscript")
        .gradients()
        .source(here, "low_rank.torchscript")
        // Training is in float32, whatever inference computes in.
        .attributes("compute", compute.engineType(), StorageType.F32.engineType())
        .attributes("half", half, false)
        .attribute("convert", precision != Precision.FLOAT32)
        // The smallest number instead of -inf: see mask.
        .attributes("lowest", compute == StorageType.F16 ? -6.0e4 : -3.0e38, -3.0e38)
        .attributes("embedding_scale", embeddingScale(compute), embeddingScale(StorageType.F32))
        .attribute("heads", config.heads())
        .attribute("kv_heads", config.kvHeads())
        .attribute("head_size", config.headSize())
        // On a GPU the fused kernel for causal attention is the faster one.
        .attributes("fold_heads", !device.isGpu() && !half, !device.isGpu())
        .attribute("rotated", config.rope().rotated(config.headSize()))
        .attribute("head_norms", config.family().has(Trait.HEAD_NORMS))
        .attribute("offset_norms", config.family().has(Trait.OFFSET_NORMS))
        .attribute("post_norms", config.family().has(Trait.POST_NORMS))
        .attribute("activation", extras.activation().code)
        .attribute("score_scale", extras.scoreScale())
        .attribute("score_cap", extras.scoreCap())
        .attribute("logit_cap", extras.logitCap())
        .attribute("eps", config.normEps())
        .attribute("rope_scale", config.rope().attentionFactor())
        .attribute("window", config.slidingWindow())
        .attribute("windowed", config.windowed().stream().map(w -> w ? 1 : 0).toList())
        .attribute("dropout", 0.0)
        .attribute("stride", BlockLayout.STRIDE);
  }

  /** Rounded as the models were trained: to the type that is computed in. */
  private double embeddingScale(StorageType compute) {
    return config.family().has(Trait.SCALED_EMBEDDINGS)
        ? compute.rounded((float) Math.sqrt(config.width()))
        : 1;
  }

  ModelConfig config() {
    return config;
  }

  Precision precision() {
    return precision;
  }

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

  /**
   * Inverse frequencies [1, R/2], or [B, R/2] if sequences of these lengths need different ones.
   */
  private NDArray frequencies(NDManager scope, int[] lengths) {
    int border = config.rope().switchesAbove();
    long longer = Arrays.stream(lengths).filter(n -> n > border).count();
    if (border == 0 || longer == 0) {
      return frequencies;
    }
    if (longer == lengths.length) {
      return longFrequencies;
    }
    float[][] rows = new float[lengths.length][];
    for (int b = 0; b < rows.length; b++) {
      rows[b] = config.rope().frequencies(powers, lengths[b]);
    }
    return scope.create(rows);
  }

  /** One steering edit, resolved for a batch: vector [1, D], on [B, T]. */
  record Edit(Steering steering, NDArray vector, NDArray on) {}

  /**
   * What one pass over some blocks should do and give.
   *
   * @param rows tokens of the batch's N whose states are wanted
   * @param pick one token of each sequence, if the last block's output is wanted only there
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
   * @param given [N, D] rows that the ids -1 to -N stand for, or null
   */
  NDArray embed(
      NDManager scope, NDArray ids, NDArray table, @Nullable NDArray given, boolean train) {
    return run(
            kernels.call("embed", scope).tensor(ids).tensor(table).tensor(orNone(scope, given)),
            train)
        .get(0);
  }

  private static NDArray orNone(NDManager scope, @Nullable NDArray given) {
    return given == null ? scope.create(new Shape(0)) : given;
  }

  /**
   * Runs blocks first + 1 to end over the batch's N tokens, x [N, D]; gives the last block's
   * output, [N, D] or, at pick, [B, D], then per captured layer a row per wanted one.
   */
  NDList blocks(
      NDManager scope, NDArray x, List<NDArray> weights, Batch batch, Pass pass, boolean train) {
    List<Long> plan = new ArrayList<>();
    plan.add((long) batch.size());
    plan.add((long) pass.first);
    plan.add((long) pass.end);
    plan.add(batch.plain() ? 1L : 0L);
    plan.add(pass.pick != null ? 1L : 0L);
    plan.add((long) pass.captures.size());
    plan.add((long) pass.edits.size());
    pass.captures.forEach(l -> plan.add((long) l.index()));
    addEdits(plan, pass.edits);
    return run(
        kernels
            .call("blocks", scope)
            .ints(plan.stream().mapToLong(Long::longValue).toArray())
            .tensor(x)
            .list(weights)
            .tensor(batch.attentionWithRoom(scope, 0))
            .tensor(batch.tokenPositions(scope))
            .tensor(frequencies(scope, batch.lengths()))
            .tensor(batch.placeTokens(scope))
            .tensor(batch.tokenPlaces(scope))
            .tensor(longs(scope, pass.rows))
            .tensor(longs(scope, pass.pick == null ? new long[0] : pass.pick))
            .list(editTensors(pass.edits)),
        train);
  }

  /**
   * Inputs of low-rank changes that are left out in training.
   *
   * @param rate share of the elements, 0 for none
   * @param seed of the masks
   */
  record Dropout(double rate, long seed) {
    static final Dropout NONE = new Dropout(0, 0);
  }

  /** As {@link #blocks}, for training with dropout. */
  NDList trainBlocks(
      NDManager scope, NDArray x, List<NDArray> weights, Batch batch, Pass pass, Dropout dropout) {
    if (dropout.rate == 0) {
      return blocks(scope, x, weights, batch, pass, true);
    }
    run(kernels.call("set_dropout", scope).reals(dropout.rate), true);
    try {
      // One training runs at a time in a process, so nobody else draws in between.
      scope.getEngine().setRandomSeed(Long.hashCode(dropout.seed));
      return blocks(scope, x, weights, batch, pass, true);
    } finally {
      run(kernels.call("set_dropout", scope).reals(0), true);
    }
  }

  /** Logits [N, V] of x [N, D], the output of the last block. */
  NDArray head(NDManager scope, NDArray x, Weights weights) {
    return run(
            kernels
                .call("head", scope)
                .tensor(x)
                .tensor(weights.finalNorm())
                .tensor(weights.output()),
            false)
        .get(0);
  }

  /** The final norm of x [N, D]. */
  NDArray finalNorm(NDManager scope, NDArray x, Weights weights) {
    return run(kernels.call("final_norm", scope).tensor(x).tensor(weights.finalNorm()), false)
        .get(0);
  }

  /** Sum of cross entropies, then its gradients; see language_loss.torchscript. */
  NDList crossEntropy(
      NDManager scope,
      NDArray x,
      NDArray finalNorm,
      NDArray output,
      long[] rows,
      long[] labels,
      List<NDArray> parameters) {
    return run(
        kernels
            .call("cross_entropy", scope)
            .tensor(x)
            .tensor(finalNorm)
            .tensor(output)
            .tensor(longs(scope, rows))
            .tensor(longs(scope, labels))
            .list(parameters),
        true);
  }

  /** Sums of log-probabilities [B] with their graph; see language_loss.torchscript. */
  NDArray responseSums(
      NDManager scope,
      NDArray x,
      NDArray finalNorm,
      NDArray output,
      long[] rows,
      long[] labels,
      long[] owners,
      int sequences) {
    return run(
            kernels
                .call("response_sums", scope)
                .tensor(x)
                .tensor(finalNorm)
                .tensor(output)
                .tensor(longs(scope, rows))
                .tensor(longs(scope, labels))
                .tensor(longs(scope, owners))
                .ints(sequences),
            true)
        .get(0);
  }

  /**
   * One generation step; see generate.torchscript.
   *
   * @param lengths tokens of each sequence so far, which choose the rotary frequencies
   */
  NDList step(
      NDManager scope,
      int[] lengths,
      int past,
      boolean plain,
      NDArray ids,
      @Nullable NDArray given,
      Weights weights,
      NDArray attention,
      NDArray positions,
      long[] pick,
      NDArray banned,
      List<NDArray> cache,
      List<Edit> edits) {
    List<Long> plan = new ArrayList<>(List.of((long) past, plain ? 1L : 0L, (long) edits.size()));
    addEdits(plan, edits);
    return run(
        kernels
            .call("step", scope)
            .ints(plan.stream().mapToLong(Long::longValue).toArray())
            .tensor(ids)
            .tensor(weights.embeddings())
            .tensor(orNone(scope, given))
            .list(weights.blocks())
            .tensor(weights.finalNorm())
            .tensor(weights.output())
            .tensor(attention)
            .tensor(positions)
            .tensor(frequencies(scope, lengths))
            .tensor(longs(scope, pick))
            .tensor(banned)
            .list(cache)
            .list(editTensors(edits)),
        false);
  }

  /**
   * A and B of each fused matrix; see low_rank.torchscript.
   *
   * @param parts A of each target, then B of each
   */
  NDList fuseLowRank(
      NDManager scope, LowRank places, List<NDArray> parts, double scale, boolean train) {
    int n = places.targets().size();
    double[] scales = new double[n];
    Arrays.fill(scales, scale);
    return run(
        kernels
            .call("fuse", scope)
            .ints(places.plan())
            .reals(scales)
            .list(parts.subList(0, n))
            .list(parts.subList(n, 2 * n)),
        train);
  }

  /** Two changes of one matrix as one, each A and B. */
  NDList stackLowRank(NDManager scope, List<NDArray> first, List<NDArray> second) {
    return run(kernels.call("stack", scope).list(first).list(second), true);
  }

  /** A copy of a matrix with a change added. */
  NDArray mergeLowRank(NDManager scope, NDArray matrix, NDArray a, NDArray b) {
    return run(kernels.call("merge", scope).list(List.of(matrix)).tensor(a).tensor(b), true).get(0);
  }

  /** An array [shape] of the type that is computed in, for keys and values. */
  NDArray cache(NDManager scope, Shape shape) {
    return NativeTensor.empty(scope, precision.compute(), shape);
  }

  /** The tokens [B] that come next, then log-probabilities and margins; see sample.torchscript. */
  NDList choose(
      NDManager scope,
      Generation settings,
      NDArray logits,
      NDArray banned,
      NDArray seen,
      double[] draws,
      boolean margins) {
    return run(
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
    return run(
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

  /** Which ids stand in each row of ids [B, T], padding being V or more: [B, V] bool. */
  NDArray seen(NDManager scope, NDArray ids, int vocabulary) {
    return run(kernels.call("seen", scope).tensor(ids).ints(vocabulary), false).get(0);
  }

  /** Log-probabilities [N] of labels under the same logits [1, V]. */
  NDArray logProbabilities(NDManager scope, NDArray logits, long[] labels) {
    return run(kernels.call("first", scope).tensor(logits).tensor(longs(scope, labels)), false)
        .get(0);
  }

  /**
   * Log-probabilities [M] of what follows tokens of x [N, D], the output of the last block.
   *
   * @param rows M of the N tokens
   * @param labels what follows each
   * @param step rows of logits at a time
   */
  NDArray responses(
      NDManager scope, NDArray x, Weights weights, long[] rows, long[] labels, int step) {
    return run(
            kernels
                .call("responses", scope)
                .ints(step)
                .tensor(x)
                .tensor(weights.finalNorm())
                .tensor(weights.output())
                .tensor(longs(scope, rows))
                .tensor(longs(scope, labels)),
            false)
        .get(0);
  }

  /** Log-probabilities [M, V] of all that can follow {@code rows} of x [N, D]. */
  NDArray logSoftmax(NDManager scope, NDArray x, Weights weights, long[] rows) {
    return run(
            kernels
                .call("log_softmax_at", scope)
                .tensor(x)
                .tensor(weights.finalNorm())
                .tensor(weights.output())
                .tensor(longs(scope, rows)),
            false)
        .get(0);
  }

  /**
   * KL divergences [M] between rows of log-probabilities p, q [M, V], and what p gives the labels
   * [M]; see responses.torchscript.
   *
   * @param labels an id for each row
   */
  NDList compared(NDManager scope, NDArray p, NDArray q, long[] labels) {
    return run(
        kernels.call("compared", scope).tensor(p).tensor(q).tensor(longs(scope, labels)), false);
  }

  /**
   * Continuations of one prefix, one behind the other in one row.
   *
   * @param past P, tokens of the prefix
   * @param reach a length that chooses the rotary frequencies
   * @param rows rows of logits at a time
   * @param ids [1, T]
   * @param positions [1, T]
   * @param owners number of each token's continuation [T]
   * @param labels what follows each token [T]
   */
  record Packed(
      int past,
      int reach,
      int rows,
      NDArray ids,
      NDArray positions,
      NDArray owners,
      NDArray labels) {}

  /** Log-probabilities [T] of what follows each token; see score.torchscript. */
  NDArray score(
      NDManager scope, Packed packed, Weights weights, List<NDArray> cache, List<Edit> edits) {
    List<Long> plan =
        new ArrayList<>(List.of((long) packed.past, (long) packed.rows, (long) edits.size()));
    addEdits(plan, edits);
    return run(
            kernels
                .call("score", scope)
                .ints(plan.stream().mapToLong(Long::longValue).toArray())
                .tensor(packed.ids)
                .tensor(weights.embeddings())
                .list(weights.blocks())
                .tensor(weights.finalNorm())
                .tensor(weights.output())
                .tensor(packed.positions)
                .tensor(packed.owners)
                .tensor(frequencies(scope, new int[] {packed.reach}))
                .tensor(packed.labels)
                .list(cache)
                .list(editTensors(edits)),
            false)
        .get(0);
  }

  static NDArray longs(NDManager scope, long[] values) {
    return values.length == 0
        ? scope.zeros(new Shape(0), ai.djl.ndarray.types.DataType.INT64)
        : scope.create(values);
  }

  private static void addEdits(List<Long> plan, List<Edit> edits) {
    for (Edit e : edits) {
      plan.add((long) e.steering.layer().index());
      plan.add(e.steering.kind() == Steering.Kind.ADD ? 0L : 1L);
    }
  }

  private static List<NDArray> editTensors(List<Edit> edits) {
    List<NDArray> tensors = new ArrayList<>();
    for (Edit e : edits) {
      tensors.add(e.vector);
      tensors.add(e.on);
    }
    return tensors;
  }

  private NDList run(Kernels.Call call, boolean train) {
    if (!cpu) {
      return train ? call.train() : call.infer();
    }
    CPU.acquireUninterruptibly();
    try {
      return train ? call.train() : call.infer();
    } finally {
      CPU.release();
    }
  }

  @Override
  public void close() {
    kernels.close();
  }
}
