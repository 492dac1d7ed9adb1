package org.alignment4j.actor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.List;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.PrefixCache;
import org.alignment4j.model.TrainableBlock;
import org.jspecify.annotations.Nullable;

/**
 * Inputs of the tuned block for each training prompt: cached from one pass, or recomputed each time
 * by running the blocks below.
 */
final class BlockInputs implements AutoCloseable {
  private static final int ROWS = 16;

  private final LanguageModel model;
  private final List<int[]> sequences;
  private final Layer below;
  private final @Nullable PrefixCache cache;

  BlockInputs(
      LanguageModel model,
      List<int[]> sequences,
      Layer tuned,
      ActorSettings settings,
      ProgressListener progress) {
    this.model = model;
    this.sequences = sequences;
    this.below = new Layer(tuned.block());
    this.cache =
        settings.cachePrefix()
            ? PrefixCache.of(model, sequences, below, settings.cacheBytes(), progress)
            : null;
  }

  /** The block's output [B, D] at the last token of some rows. */
  NDArray lastToken(TrainableBlock block, int[] rows, boolean gradients, NDManager scope) {
    if (cache != null) {
      return block.lastToken(cache, rows, gradients, scope);
    }
    List<int[]> own = Arrays.stream(rows).mapToObj(sequences::get).toList();
    try (PrefixCache now =
        PrefixCache.of(model, own, below, Long.MAX_VALUE, ProgressListener.NONE)) {
      int[] all = java.util.stream.IntStream.range(0, rows.length).toArray();
      return block.lastToken(now, all, gradients, scope);
    }
  }

  /** The block's output at the last token of some rows, as plain arrays [N, D]. */
  float[][] lastTokens(TrainableBlock block, int[] rows) {
    float[][] result = new float[rows.length][];
    for (int from = 0; from < rows.length; from += ROWS) {
      int[] some = Arrays.copyOfRange(rows, from, Math.min(rows.length, from + ROWS));
      try (NDManager scope = block.newScope()) {
        float[] flat = lastToken(block, some, false, scope).toFloatArray();
        int d = flat.length / some.length;
        for (int i = 0; i < some.length; i++) {
          result[from + i] = Arrays.copyOfRange(flat, i * d, (i + 1) * d);
        }
      }
    }
    return result;
  }

  @Override
  public void close() {
    if (cache != null) {
      cache.close();
    }
  }
}
