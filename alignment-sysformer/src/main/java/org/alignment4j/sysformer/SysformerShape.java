package org.alignment4j.sysformer;

import static org.alignment4j.core.Arguments.require;

/**
 * Size of a Sysformer: 8 x layers x width x inner weights, and a few.
 *
 * @param layers L, of self- and cross-attention; 0 for a static system prompt that is learned
 *     itself, the SystemEmbedder
 * @param heads of each attention, dividing {@code inner}
 * @param inner width of queries, keys and values; the model's width in the paper, less for a
 *     bottleneck
 */
public record SysformerShape(int layers, int heads, int inner) {
  /**
   * @throws IllegalArgumentException if heads do not divide the inner width
   */
  public SysformerShape {
    require(layers >= 0, "layers must be 0 or more, were %s", layers);
    require(
        heads >= 1 && inner >= heads && inner % heads == 0,
        "%s heads do not divide the inner width %s",
        heads,
        inner);
  }
}
