package org.alignment4j.model;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The tokens and text that a model generated for one prompt.
 *
 * @param ids the N generated tokens, without the end or stop token that ended them; includes the
 *     token that completed a stop string
 * @param text the tokens as text, cut before a stop string; empty if the model has no tokenizer
 * @param finish why generation ended
 * @param logProbabilities natural log-probabilities of the tokens [N], under the model's raw
 *     logits, before any setting changed them; empty if not requested
 */
public record Completion(int[] ids, String text, Finish finish, float[] logProbabilities) {
  /** The reason why a completion ended. */
  public enum Finish {
    /** The model generated an end token. */
    END_OF_TURN,
    /** A stop string or a stop token was generated. */
    STOP,
    /** The maximum number of new tokens or the context length was reached. */
    LENGTH
  }

  /** Copies the arrays. */
  public Completion {
    ids = ids.clone();
    logProbabilities = logProbabilities.clone();
  }

  @Override
  public int[] ids() {
    return ids.clone();
  }

  @Override
  public float[] logProbabilities() {
    return logProbabilities.clone();
  }

  /** Whether the model generated an end token. */
  public boolean ended() {
    return finish == Finish.END_OF_TURN;
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Completion c
        && Arrays.equals(ids, c.ids)
        && text.equals(c.text)
        && finish == c.finish
        && Arrays.equals(logProbabilities, c.logProbabilities);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(ids);
  }

  /**
   * One token, as it is passed to a listener during generation.
   *
   * @param sequence index of the sequence in the call, 0-based
   * @param id the token; includes the end or stop token that ends a sequence and that {@link
   *     Completion} leaves out
   * @param text the text released by this token: complete characters that can no longer become part
   *     of a stop string, so often text of earlier tokens, and possibly empty; a sequence's texts
   *     concatenated are its {@link Completion#text}
   * @param logProbability its natural log-probability; NaN if not requested
   * @param finish why the sequence ends with this token; null if it continues
   */
  public record GeneratedToken(
      int sequence,
      int id,
      String text,
      float logProbability,
      Completion.@Nullable Finish finish) {}
}
