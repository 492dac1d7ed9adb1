package org.alignment4j.model;

import ai.djl.Device;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.concurrent.Semaphore;
import org.alignment4j.core.EngineException;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.internal.tensor.NativeTensor;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.model.Family.Trait;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The decoder's kernels, compiled for one configuration and precision on one device. */
final class DecoderKernels implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DecoderKernels.class);

  /**
   * On a CPU one native call already uses every core; a second concurrent one makes both many times
   * slower.
   */
  private static final Semaphore CPU = new Semaphore(1, true);

  private final ModelConfig config;
  private final Precision precision;
  private final KernelTable table;
  private final Kernels kernels;
  private final boolean cpu;

  DecoderKernels(ModelConfig config, Precision precision, NDManager manager) {
    this.config = config;
    this.precision = precision;
    this.cpu = !manager.getDevice().isGpu();
    this.table = new KernelTable(precision.format());
    this.kernels = compile(manager);
  }

  /** The layout of the weights as kernels read them. */
  KernelTable table() {
    return table;
  }

  Kernels.Call call(String method, NDManager scope) {
    return kernels.call(method, scope);
  }

  /** Runs a call; on a CPU only one call runs at a time. */
  NDList run(Kernels.Call call, boolean train) {
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

  private Kernels compile(NDManager manager) {
    Device device = manager.getDevice();
    if (!device.isGpu()) {
      @Nullable Kernels fast = null;
      try {
        fast = sources(true, device).compile(device);
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
    return sources(false, device).compile(device);
  }

  /** oneDNN reports only at the first product whether the processor supports it. */
  private void probe(Kernels fast, NDManager manager) {
    try (NDManager scope = manager.newSubManager()) {
      fast.call("probe", scope)
          .tensor(NativeTensor.empty(scope, precision.compute(), new Shape(1, 16)))
          .list(precision.format().empty("probe", new Shape(16, 16), scope).arrays())
          .infer();
    }
  }

  private Kernels.Builder sources(boolean oneDnn, Device device) {
    Class<?> here = DecoderKernels.class;
    StorageType compute = precision.compute();
    boolean half = compute != StorageType.F32;
    ModelConfig.Extras extras = config.extras();
    Kernels.Builder builder = Kernels.named("decoder");
    precision.format().addKernels(builder, oneDnn);
    table.constants().forEach(builder::constant);
    return builder
        .source(here, "block.torchscript")
        .source(here, "edits.torchscript")
        .source(here, "forward.torchscript")
        .source(here, "generate.torchscript")
        .source(here, "sample.torchscript")
        .source(here, "score.torchscript")
        .source(here, "responses.torchscript")
        .trainingSource(here, "language_loss.torchscript")
        .gradients()
        .source(here, "low_rank.torchscript")
        // Training computes in float32, whatever inference computes in.
        .attributes("compute", compute.engineType(), StorageType.F32.engineType())
        .attributes("half", half, false)
        // A large negative finite number instead of -inf: see mask in forward.torchscript.
        .attributes("lowest", compute == StorageType.F16 ? -6.0e4 : -3.0e38, -3.0e38)
        .attributes("embedding_scale", embeddingScale(compute), embeddingScale(StorageType.F32))
        .attribute("heads", config.heads())
        .attribute("kv_heads", config.kvHeads())
        .attribute("head_size", config.headSize())
        // On a GPU the fused causal attention kernel is faster.
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
        .attribute("dropout", 0.0);
  }

  /** Rounded to the computing type, as in the models' training. */
  private double embeddingScale(StorageType compute) {
    return config.family().has(Trait.SCALED_EMBEDDINGS)
        ? compute.rounded((float) Math.sqrt(config.width()))
        : 1;
  }
}
