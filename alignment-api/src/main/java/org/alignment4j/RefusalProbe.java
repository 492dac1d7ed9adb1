package org.alignment4j;

import java.util.List;
import org.alignment4j.chat.Prompt;

/**
 * Scores prompts by how strongly the model's hidden states indicate a refusal, before any response
 * is generated. Implementations are thread-safe.
 */
public interface RefusalProbe {
  /**
   * Scores prompts: 0 is the mean score of benign anchors, 1 that of harmful ones; scores below 0
   * and above 1 are possible.
   *
   * @return one score per prompt, in order
   */
  double[] scores(List<Prompt> prompts);

  /** Scores one prompt; see {@link #scores}. */
  default double score(Prompt prompt) {
    return scores(List.of(prompt))[0];
  }

  /** The score at or above which a prompt is classified as one the model would refuse. */
  double threshold();

  /** Whether the prompt's score is at or above the threshold. */
  default boolean refuses(Prompt prompt) {
    return score(prompt) >= threshold();
  }
}
