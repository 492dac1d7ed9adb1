package org.alignment4j.model;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a model generated for one prompt.
 *
 * @param ids the new tokens, N of them, without an end or stop token that ended them; up to and
 *     with the token that completed a stop string
 * @param text the tokens as text, cut before a stop string; empty if the model has no tokenizer
 * @param finish why there are no more
 * @param logProbabilities natural logarithms of the tokens' probabilities under the model's own
 *     logits, before any setting changed them, [N]; empty if not asked for
 */
public record Completion(int[] ids, String text, Finish finish, float[] logProbabilities) {
  /** Why a completion ends. */
  public enum Finish {
    /** The model ended its turn. */
    END_OF_TURN,
    /** A stop string or a stop token came. */
    STOP,
    /** The settings' or the context's length was reached. */
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

  /** Whether the model ended its turn. */
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
   * One token as it is generated, for those who do not want to wait for the whole answer.
   *
   * @param sequence which of the call's sequences it continues, 0-based
   * @param id the token; at the end of a sequence also the end or stop token that {@link
   *     Completion} leaves out
   * @param text what this token adds to the text: complete characters that cannot become part of a
   *     stop string any more, so often the text of tokens before it, and sometimes none; a
   *     sequence's texts, joined, are {@link Completion#text}
   * @param logProbability natural logarithm of its probability; NaN if not asked for
   * @param finish why the sequence ends with this token; null if it goes on
   */
  public record GeneratedToken(
      int sequence,
      int id,
      String text,
      float logProbability,
      Completion.@Nullable Finish finish) {}
}
