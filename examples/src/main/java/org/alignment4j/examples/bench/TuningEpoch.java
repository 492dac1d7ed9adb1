package org.alignment4j.examples.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Random;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.internal.tensor.GradientScope;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.model.Capture;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.PrefixCache;
import org.alignment4j.model.TrainableBlock;
import org.alignment4j.train.AdamW;

/**
 * One epoch of tuning a block without a cache: at each step the prompt runs through the model
 * again, then AdamW moves the block towards a shifted last-token state. A baseline for what caching
 * saves, not a tuning method.
 */
final class TuningEpoch implements AutoCloseable {
  private static final double SHIFT = 0.0015;
  private static final double LEARNING_RATE = 1e-5;
  private static final AdamW.Settings OPTIMIZER = new AdamW.Settings(0.9, 0.999, 1e-8, 0.01);
  private static final long SEED = 7;

  private final LanguageModel model;
  private final boolean allBlocks;
  private final GradientScope gradients;
  private final TrainableBlock block;
  private final AdamW optimizer;
  private final Kernels kernels;
  private final NDManager manager;
  private final NDArray direction;

  /**
   * @param layer written by the block that is tuned
   * @param allBlocks whether each step also runs the blocks above it, as a forward pass of the
   *     whole model does
   */
  TuningEpoch(LanguageModel model, Layer layer, boolean allBlocks) {
    this.model = model;
    this.allBlocks = allBlocks;
    this.gradients = GradientScope.open();
    this.block = TrainableBlock.of(model, layer);
    this.optimizer = new AdamW(block.parameters(), OPTIMIZER);
    this.manager = block.parameters().get(0).getManager().newSubManager();
    this.kernels =
        Kernels.named("bench")
            .source(TuningEpoch.class, "cosine_step.torchscript")
            .compile(manager.getDevice());
    Random random = new Random(SEED);
    float[] v = new float[model.config().width()];
    for (int i = 0; i < v.length; i++) {
      v[i] = (float) random.nextGaussian();
    }
    this.direction = manager.create(v);
  }

  void run(List<int[]> prompts) {
    for (int i = 0; i < prompts.size(); i++) {
      Cancellation.check("bench");
      step(prompts.get(i), i % 2 == 0 ? -SHIFT : SHIFT);
    }
  }

  private void step(int[] prompt, double shift) {
    Layer below = new Layer(block.layer().block());
    if (allBlocks) {
      model.captureIds(
          List.of(new Encoded(prompt, prompt.length)), Capture.lastPrompt(model.topLayer()));
    }
    try (NDManager scope = manager.newSubManager();
        PrefixCache prefix =
            PrefixCache.of(model, List.of(prompt), below, Long.MAX_VALUE, ProgressListener.NONE)) {
      NDArray activation = block.lastToken(prefix, new int[] {0}, true, scope);
      NDList result =
          kernels
              .call("cosine_step", scope)
              .tensor(activation)
              .tensor(direction)
              .reals(shift)
              .list(block.parameters())
              .train();
      optimizer.step(
          new NDList(result.subList(1, result.size())), LEARNING_RATE, Double.POSITIVE_INFINITY);
    }
  }

  @Override
  public void close() {
    kernels.close();
    optimizer.close();
    manager.close();
    block.close();
    gradients.close();
  }
}
