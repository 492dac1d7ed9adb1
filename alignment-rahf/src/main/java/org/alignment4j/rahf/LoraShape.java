package org.alignment4j.rahf;

import static org.alignment4j.core.Arguments.require;

import java.util.List;

/**
 * The adapters that are trained.
 *
 * @param rank r, 1 or more
 * @param alpha the change is alpha / r times B A
 * @param dropout share of the inputs left out in training, 0 up to 1
 * @param modules matrices that are changed, such as {@code q_proj}
 */
public record LoraShape(int rank, double alpha, double dropout, List<String> modules) {
  /** The published scripts': rank 8, alpha 16, dropout 0.05 on queries and values. */
  public static final LoraShape DEFAULT = new LoraShape(8, 16, 0.05, List.of("q_proj", "v_proj"));

  /**
   * @throws IllegalArgumentException if a number is out of range or there is no module
   */
  public LoraShape {
    require(rank >= 1, "rank must be >= 1, was %s", rank);
    require(alpha > 0 && Double.isFinite(alpha), "alpha must be > 0, was %s", alpha);
    require(dropout >= 0 && dropout < 1, "dropout must be in [0, 1), was %s", dropout);
    modules = List.copyOf(modules);
    require(!modules.isEmpty(), "no modules to change");
  }
}
