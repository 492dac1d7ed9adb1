package org.alignment4j.examples.bench;

import java.util.List;
import org.alignment4j.model.ModelConfig;
import org.alignment4j.model.Precision;

/**
 * Arithmetic and memory traffic of a model's work, computed from its shape; padding is not counted.
 * D width, H heads, K key/value heads, E head size, F inner width of the MLP, V vocabulary, L
 * blocks.
 *
 * <p>Operations: matrix products only, a multiplication and an addition as two. A block's
 * projections take 2 (H + 2K) E D, its output 2 H E D, its MLP 6 F D for each token; attention 4 H
 * E for each token and each key that it attends to, itself included, within a sliding window if
 * there is one; the head 2 V D for each row. Norms, activations, softmax and rotations are left
 * out.
 *
 * <p>Bytes: a pass (of a prompt, then of each new token but the last) reads each weight once, as
 * stored, and for every sequence the keys and values that its newest token attends to. Activations
 * are left out, and rows of an embedding table that is not also the head.
 *
 * @param config the model's shape
 * @param precision types in which weights are stored, and keys and values computed
 */
record Costs(ModelConfig config, Precision precision) {

  /**
   * Operations of capturing the last token's state at layers 0 to {@code top} of some sequences. Of
   * all other tokens the block that writes {@code top} computes keys and values only.
   */
  double captureFlops(List<int[]> sequences, int top) {
    double flops = 0;
    for (int[] s : sequences) {
      int n = s.length;
      for (int b = 0; b < top - 1; b++) {
        flops += n * blockFlops() + attentionFlops(b, 0, n);
      }
      if (top > 0) {
        flops += (n - 1) * keyValueFlops() + blockFlops() + attentionFlops(top - 1, n - 1, n);
      }
    }
    return flops;
  }

  /** Operations of {@code rows} prompts of {@code prompt} tokens and {@code tokens} after them. */
  double generateFlops(int rows, int prompt, int tokens) {
    int read = prompt + tokens - 1; // the last one is not fed back
    double flops = read * blockFlops() * config.blocks();
    for (int b = 0; b < config.blocks(); b++) {
      flops += attentionFlops(b, 0, read);
    }
    return rows * (flops + tokens * 2.0 * config.vocabulary() * config.width());
  }

  /** Bytes read for {@code tokens} tokens after prompts of {@code prompt}, {@code rows} at once. */
  double generateBytes(int rows, int prompt, int tokens) {
    double bytes = 0;
    double perKey = 2.0 * config.kvHeads() * config.headSize() * precision.computeBytes();
    for (int pass = 0; pass < tokens; pass++) {
      bytes += passWeightBytes();
      for (int b = 0; b < config.blocks(); b++) {
        bytes += rows * perKey * seen(b, prompt + pass);
      }
    }
    return bytes;
  }

  /** Bytes of the weights, except a table that is only looked up. */
  private double passWeightBytes() {
    long table = (long) config.vocabulary() * config.width() * precision.storageBytes();
    return config.weightBytes(precision) - (config.tiedHead() ? 0 : table);
  }

  private double blockFlops() {
    double d = config.width();
    double attention = (double) config.heads() * config.headSize();
    return keyValueFlops() + 4 * attention * d + 6.0 * config.mlpWidth() * d;
  }

  private double keyValueFlops() {
    return 4.0 * config.kvHeads() * config.headSize() * config.width();
  }

  /**
   * Operations of attention for the tokens at positions {@code from} (inclusive) to {@code to}
   * (exclusive).
   */
  private double attentionFlops(int block, int from, int to) {
    double keys = 0;
    for (int p = from; p < to; p++) {
      keys += seen(block, p + 1);
    }
    return 4.0 * config.heads() * config.headSize() * keys;
  }

  /** Number of keys that the newest of {@code tokens} tokens attends to in a block. */
  private int seen(int block, int tokens) {
    return config.windowed().get(block) ? Math.min(tokens, config.slidingWindow()) : tokens;
  }
}
