package org.alignment4j;

import java.util.List;
import org.alignment4j.chat.Prompt;

/**
 * Tells from a model's hidden states how far it sees a prompt as one to refuse, before it answers.
 * Implementations are thread-safe.
 */
public interface RefusalProbe {
  /**
   * Scores prompts: 0 is the mean of benign anchors, 1 the mean of harmful ones; other values may
   * lie outside.
   *
   * @return one score per prompt, in order
   */
  double[] scores(List<Prompt> prompts);

  /** Scores one prompt; see {@link #scores}. */
  default double score(Prompt prompt) {
    return scores(List.of(prompt))[0];
  }

  /** The score from which a prompt counts as one the model would refuse. */
  double threshold();

  /** Whether the prompt's score is at or above the threshold. */
  default boolean refuses(Prompt prompt) {
    return score(prompt) >= threshold();
  }
}
