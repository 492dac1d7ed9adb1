package org.alignment4j.model;

import java.util.Arrays;

/**
 * What a model generated for one prompt.
 *
 * @param ids the new tokens, without the one that ended them
 * @param text the tokens as text; empty if the model has no tokenizer
 * @param ended whether the model ended its turn; false if it was cut at the length limit
 */
public record Completion(int[] ids, String text, boolean ended) {
  /** Copies the ids. */
  public Completion {
    ids = ids.clone();
  }

  @Override
  public int[] ids() {
    return ids.clone();
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Completion c
        && Arrays.equals(ids, c.ids)
        && text.equals(c.text)
        && ended == c.ended;
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(ids);
  }
}
