package org.alignment4j.adapter;

import static org.alignment4j.core.Arguments.require;

import java.nio.file.Path;
import java.util.List;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;

/**
 * A low-rank change of some of a model's matrices, W + (alpha / rank) B A, as in LoRA (Hu et al.
 * 2021, section 4.1). Immutable: arrays are not copied, so do not write to them.
 *
 * @param rank r, inner size of every pair
 * @param alpha numerator of the scale
 * @param targets the changed matrices, at least one, each at most once
 * @param provenance how it was made
 */
public record LoraAdapter(int rank, double alpha, List<Target> targets, Provenance provenance)
    implements Adapter {

  /**
   * The change of one matrix of one block.
   *
   * @param layer the layer the block writes
   * @param module the matrix's name within the block, e.g. {@code self_attn.q_proj}
   * @param in size of the matrix's input
   * @param out size of its output
   * @param a A [r, in], row-major
   * @param b B [out, r], row-major
   */
  public record Target(Layer layer, String module, int in, int out, float[] a, float[] b) {}

  /** Checks the shapes. */
  public LoraAdapter {
    require(rank >= 1, "the rank must be >= 1, was %s", rank);
    require(Double.isFinite(alpha), "alpha must be finite, was %s", alpha);
    targets = List.copyOf(targets);
    require(!targets.isEmpty(), "a LoRA without targets");
  }

  /** The factor of B A, alpha / rank. */
  public double scale() {
    return alpha / rank;
  }

  @Override
  public void save(Path folder) {
    throw new IllegalStateException("to come");
  }
}
