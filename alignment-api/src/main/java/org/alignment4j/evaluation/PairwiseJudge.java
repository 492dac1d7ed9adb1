package org.alignment4j.evaluation;

import java.util.OptionalDouble;
import org.alignment4j.chat.Prompt;

/**
 * Decides which of two answers to a prompt is better. {@link ModelJudge} asks a language model.
 * Implementations say whether threads may share them.
 */
@FunctionalInterface
public interface PairwiseJudge {
  /**
   * Compares two answers.
   *
   * @param prompt what was answered
   * @param first the answer that the judge is shown first, possibly cut off or empty
   * @param second the other one
   * @return the log-odds that the first is the better one, in nats: above 0 for the first, below 0
   *     for the second, 0 for neither; empty if the judge cannot read the texts
   */
  OptionalDouble prefers(Prompt prompt, String first, String second);
}
