package org.alignment4j.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.alignment4j.core.EngineException;
import org.alignment4j.core.Layer;
import org.alignment4j.model.ModelConfig.Llama3Scaling;
import org.alignment4j.tensor.Kernels;
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
  private final Kernels kernels;
  private final boolean cpu;
  private final NDArray frequencies;

  Decoder(ModelConfig config, NDManager manager) {
    this.config = config;
    this.cpu = !manager.getDevice().isGpu();
    this.kernels = compile(config, manager.getDevice());
    this.frequencies = manager.create(frequencies(manager));
  }

  private static Kernels compile(ModelConfig config, Device device) {
    if (!device.isGpu()) {
      try {
        return sources(config, "linear_onednn.torchscript").compile(device);
      } catch (EngineException e) {
        if (!String.valueOf(e.getMessage()).contains("mkldnn")) {
          throw e;
        }
        LOG.warn("this build of PyTorch has no oneDNN; matrix products will be slower");
      }
    }
    return sources(config, "linear.torchscript").compile(device);
  }

  private static Kernels.Builder sources(ModelConfig config, String linear) {
    Class<?> here = Decoder.class;
    return Kernels.named("decoder")
        .sources(here, linear, "linear.torchscript")
        .source(here, "block.torchscript")
        .source(here, "forward.torchscript")
        .source(here, "generate.torchscript")
        .source(here, "sample.torchscript")
        .source(here, "score.torchscript")
        .source(here, "language_loss.torchscript")
        .attribute("heads", config.heads())
        .attribute("kv_heads", config.kvHeads())
        .attribute("head_size", config.headSize())
        .attribute("head_norms", config.family().headNorms)
        .attribute("eps", config.normEps())
        .attribute("rope_scale", 1.0)
        .attribute("window", config.slidingWindow())
        .attribute("windowed", config.windowed().stream().map(w -> w ? 1 : 0).toList())
        .attribute("stride", BlockLayout.STRIDE);
  }

  ModelConfig config() {
    return config;
  }

  /** Inverse frequencies [E/2], computed as transformers does, in float32. */
  private float[] frequencies(NDManager manager) {
    float[] f;
    try (NDManager scope = manager.newSubManager()) {
      f =
          kernels
              .call("frequencies", scope)
              .reals(config.rope().base())
              .ints(config.headSize())
              .infer()
              .get(0)
              .toFloatArray();
    }
    Llama3Scaling s = config.rope().scaling();
    if (s != null) {
      double low = s.originalContext() / s.lowFrequencyFactor();
      double high = s.originalContext() / s.highFrequencyFactor();
      for (int i = 0; i < f.length; i++) {
        double wavelength = 2 * Math.PI / f[i];
        if (wavelength > low) {
          f[i] = (float) (f[i] / s.factor());
        } else if (wavelength >= high) {
          double smooth =
              (s.originalContext() / wavelength - s.lowFrequencyFactor())
                  / (s.highFrequencyFactor() - s.lowFrequencyFactor());
          f[i] = (float) ((1 - smooth) * (f[i] / s.factor()) + smooth * f[i]);
        }
      }
    }
    return f;
  }

  /** One steering edit, resolved for a batch: vector [1, D], on [B, T]. */
  record Edit(Steering steering, NDArray vector, NDArray on) {}

  /** What one pass over some blocks should do and give. */
  record Pass(
      int first,
      int end,
      List<Layer> captures,
      long[] rows,
      long @org.jspecify.annotations.Nullable [] pick,
      List<Edit> edits) {}

  /** Token embeddings [BT, D]. */
  NDArray embed(NDManager scope, NDArray ids, NDArray table, boolean train) {
    return run(kernels.call("embed", scope).tensor(ids).tensor(table), train).get(0);
  }

  /**
   * Runs blocks first + 1 to end over x [BT, D]; gives the last block's output, [BT, D] or, at
   * pick, [B, D], then per captured layer [N, D].
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
            .tensor(batch.positions(scope))
            .tensor(frequencies)
            .tensor(longs(scope, pass.rows))
            .tensor(longs(scope, pass.pick == null ? new long[0] : pass.pick))
            .list(editTensors(pass.edits)),
        train);
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
    return run(kernels.call("norm", scope).tensor(x).tensor(weights.finalNorm()), false).get(0);
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

  /** One generation step; see generate.torchscript. */
  NDList step(
      NDManager scope,
      int past,
      boolean plain,
      NDArray ids,
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
            .list(weights.blocks())
            .tensor(weights.finalNorm())
            .tensor(weights.output())
            .tensor(attention)
            .tensor(positions)
            .tensor(frequencies)
            .tensor(longs(scope, pick))
            .tensor(banned)
            .list(cache)
            .list(editTensors(edits)),
        false);
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
   * Continuations of one prefix, one behind the other in one row.
   *
   * @param past P, tokens of the prefix
   * @param rows rows of logits at a time
   * @param ids [1, T]
   * @param positions [1, T]
   * @param owners number of each token's continuation [T]
   * @param labels what follows each token [T]
   */
  record Packed(
      int past, int rows, NDArray ids, NDArray positions, NDArray owners, NDArray labels) {}

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
                .tensor(frequencies)
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
