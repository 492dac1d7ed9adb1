package org.alignment4j.adapter;

import static org.alignment4j.core.Arguments.require;

import java.nio.file.Path;
import org.alignment4j.core.Provenance;

/**
 * Input embeddings put before every sequence, as in prompt tuning (Lester et al. 2021). Immutable:
 * the array is not copied, so do not write to it.
 *
 * @param tokens n, number of virtual tokens
 * @param width D, of the model
 * @param values [n, D], row-major
 * @param provenance how it was made
 */
public record SoftPrompt(int tokens, int width, float[] values, Provenance provenance)
    implements Adapter {
  /** Checks the shape. */
  public SoftPrompt {
    require(tokens >= 1 && width >= 1, "a soft prompt of %s tokens of width %s", tokens, width);
    require(
        values.length == (long) tokens * width,
        "%s numbers do not fill [%s, %s]",
        values.length,
        tokens,
        width);
  }

  @Override
  public void save(Path folder) {
    throw new IllegalStateException("to come");
  }
}
