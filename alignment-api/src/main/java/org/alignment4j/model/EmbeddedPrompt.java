package org.alignment4j.model;

import static org.alignment4j.core.Arguments.require;

/**
 * A prompt of which some tokens are input embeddings; {@link LanguageModel#withInputEmbeddings} of
 * the rows runs the ids. The arrays are not copied: do not write to them.
 *
 * @param ids token ids [T]; the ids -1 to -N stand for the rows, id -1 - j for row j
 * @param rows input embeddings [N, D], one at least
 */
public record EmbeddedPrompt(int[] ids, float[][] rows) {
  /**
   * @throws IllegalArgumentException if there is no id or no row, or an id stands for none
   */
  public EmbeddedPrompt {
    require(ids.length > 0 && rows.length > 0, "%s ids, %s rows", ids.length, rows.length);
    for (int i = 0; i < ids.length; i++) {
      require(ids[i] >= -rows.length, "id %s at %s of %s rows", ids[i], i, rows.length);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EmbeddedPrompt o
        && java.util.Arrays.equals(ids, o.ids)
        && java.util.Arrays.deepEquals(rows, o.rows);
  }

  @Override
  public int hashCode() {
    return java.util.Arrays.hashCode(ids);
  }

  @Override
  public String toString() {
    return "EmbeddedPrompt[" + ids.length + " tokens, " + rows.length + " of them embeddings]";
  }
}
